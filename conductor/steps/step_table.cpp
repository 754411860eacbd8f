#include "conductor/steps/step_table.h"

#include "conductor/steps/step_handlers.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace bm::conductor {
namespace {

constexpr std::array<std::pair<std::string_view, StepHandler>, 48> kHandlers{{
    {"fetch_image", stepFetchImage},
    {"validate", stepValidate},
    {"identify_bmc", stepIdentifyBmc},
    {"read_power", stepReadPower},
    {"expect_boot", stepExpectBoot},
    {"power_off", stepPowerOff},
    {"boot_device_pxe", stepBootDevicePxe},
    {"power_on", stepPowerOn},
    {"await_agent", stepAwaitAgent},
    {"erase_devices_metadata", stepEraseMetadata},
    {"end_cleaning", stepEndCleaning},
    {"check_request", stepCheckRequest},
    {"write_image", stepWriteImage},
    {"write_tree", stepWriteTree},
    {"prepare_ramdisk", stepPrepareRamdisk},
    {"boot_device_ramdisk", stepBootDeviceRamdisk},
    {"await_ramdisk", stepAwaitRamdisk},
    {"start_kernel", stepStartKernel},
    {"end_boot", stepEndBoot},
    {"power_off_written", stepPowerOffWritten},
    {"boot_device_disk", stepBootDeviceDisk},
    {"power_on_deployed", stepPowerOnDeployed},
    {"set_power", stepSetPower},
    {"forget_instance", stepForgetInstance},
    {"check_capture", stepCheckCapture},
    {"shut_down", stepShutDown},
    {"capture_disk", stepCaptureDisk},
    {"check_verify", stepCheckVerify},
    {"verify_disk", stepVerifyDisk},
    {"erase_devices_express", stepAgentWork},
    {"erase_devices", stepAgentWork},
    {"burnin_cpu", stepAgentWork},
    {"burnin_memory", stepAgentWork},
    {"burnin_disk", stepAgentWork},
    {"raid_create_configuration", stepCreateRaid},
    {"raid_delete_configuration", stepDeleteRaid},
    {"bios_apply_configuration", stepApplyBios},
    {"bios_factory_reset", stepResetBios},
    {"firmware_update", stepSimulated},
    {"reset_bmc", stepSimulated},
    {"hold", stepHold},
    {"wait", stepWaitSeconds},
    {"switch_off", stepSwitchOff},
    {"switch_on", stepSwitchOn},
    {"start_rescue", stepStartRescue},
    {"adopt", stepAdopt},
    {"inspect", stepInspect},
    {"apply_inspection", stepApplyInspection},
}};

} // namespace

StepHandler handlerOf(const std::string& name)
{
    for (const auto& [known, handler] : kHandlers)
        if (known == name)
            return handler;
    throw model::Error(model::ErrorCode::Internal, "this bmd knows no step \"" + name + "\"",
                       "was the database used by a newer bmd?");
}

bool isAgentStep(const std::string& name)
{
    static constexpr auto kNames = std::to_array<std::string_view>(
        {"erase_devices_metadata", "erase_devices_express", "erase_devices", "burnin_cpu", "burnin_memory",
         "burnin_disk", "raid_create_configuration", "raid_delete_configuration", "inspect", "start_rescue",
         "write_image", "write_tree", "capture_disk", "verify_disk", "start_kernel"});
    return std::ranges::find(kNames, name) != kNames.end();
}

} // namespace bm::conductor
