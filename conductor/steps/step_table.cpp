#include "conductor/steps/step_table.h"

#include "common/model/step_kinds.h"
#include "conductor/steps/step_handlers.h"

#include <algorithm>
#include <array>

namespace bm::conductor {

using model::stepKind;
using model::StepKind;

namespace {

struct HandlerRow {
    const StepKind* kind;
    StepHandler handler;
};

constexpr auto kHandlers = std::to_array<HandlerRow>({
    {&stepKind("fetch_image"), stepFetchImage},
    {&stepKind("validate"), stepValidate},
    {&stepKind("identify_bmc"), stepIdentifyBmc},
    {&stepKind("read_power"), stepReadPower},
    {&stepKind("expect_boot"), stepExpectBoot},
    {&stepKind("power_off"), stepPowerOff},
    {&stepKind("boot_device_pxe"), stepBootDevicePxe},
    {&stepKind("power_on"), stepPowerOn},
    {&stepKind("await_agent"), stepAwaitAgent},
    {&stepKind("erase_devices_metadata"), stepEraseMetadata},
    {&stepKind("end_cleaning"), stepEndCleaning},
    {&stepKind("check_request"), stepCheckRequest},
    {&stepKind("write_image"), stepWriteImage},
    {&stepKind("write_tree"), stepWriteTree},
    {&stepKind("prepare_ramdisk"), stepPrepareRamdisk},
    {&stepKind("boot_device_ramdisk"), stepBootDeviceRamdisk},
    {&stepKind("await_ramdisk"), stepAwaitRamdisk},
    {&stepKind("start_kernel"), stepStartKernel},
    {&stepKind("end_boot"), stepEndBoot},
    {&stepKind("power_off_written"), stepPowerOffWritten},
    {&stepKind("boot_device_disk"), stepBootDeviceDisk},
    {&stepKind("power_on_deployed"), stepPowerOnDeployed},
    {&stepKind("set_power"), stepSetPower},
    {&stepKind("forget_instance"), stepForgetInstance},
    {&stepKind("check_capture"), stepCheckCapture},
    {&stepKind("shut_down"), stepShutDown},
    {&stepKind("capture_disk"), stepCaptureDisk},
    {&stepKind("check_verify"), stepCheckVerify},
    {&stepKind("verify_disk"), stepVerifyDisk},
    {&stepKind("raid_create_configuration"), stepCreateRaid},
    {&stepKind("raid_delete_configuration"), stepDeleteRaid},
    {&stepKind("bios_apply_configuration"), stepApplyBios},
    {&stepKind("bios_factory_reset"), stepResetBios},
    {&stepKind("firmware_update"), stepUpdateFirmware},
    {&stepKind("reset_bmc"), stepResetBmc},
    {&stepKind("hold"), stepHold},
    {&stepKind("wait"), stepWaitSeconds},
    {&stepKind("switch_off"), stepSwitchOff},
    {&stepKind("switch_on"), stepSwitchOn},
    {&stepKind("start_rescue"), stepStartRescue},
    {&stepKind("adopt"), stepAdopt},
    {&stepKind("inspect"), stepInspect},
    {&stepKind("apply_inspection"), stepApplyInspection},
});

constexpr std::ptrdiff_t handlersOf(const StepKind& kind)
{
    return std::ranges::count(kHandlers, &kind, &HandlerRow::kind);
}
static_assert(std::ranges::all_of(model::kStepKinds,
                                  [](const StepKind& kind) {
                                      return handlersOf(kind) == 1 ||
                                             (kind.inBand() && handlersOf(kind) == 0);
                                  }),
              "a step of bmd or of the BMC has one handler");

} // namespace

StepHandler handlerOf(const std::string& name)
{
    const StepKind* kind = model::findStepKind(name);
    if (kind == nullptr)
        throw model::Error(model::ErrorCode::Internal, "this bmd knows no step \"" + name + "\"",
                           "was the database used by a newer bmd?");
    const auto* found = std::ranges::find(kHandlers, kind, &HandlerRow::kind);
    return found == kHandlers.end() ? stepAgentWork : found->handler;
}

} // namespace bm::conductor
