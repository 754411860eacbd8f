#include "agent/step_table.h"

#include "agent/capture/capture_step.h"
#include "agent/copy/verify_step.h"
#include "agent/copy/write_image_step.h"
#include "agent/hardware/burnin/burnin_steps.h"
#include "agent/hardware/erase/erase_steps.h"
#include "agent/hardware/inspection/inspect_step.h"
#include "agent/hardware/raid/raid_steps.h"
#include "agent/hardware/rescue/rescue_step.h"
#include "agent/start/start_kernel_step.h"
#include "agent/tree/tree_step.h"
#include "common/wire/json/json_reader.h"

namespace bm::agent {

std::map<std::string, StepFunction> allSteps()
{
    const StepFunction nothing = [](const StepContext&) { return model::JsonText{}; };
    return {{"erase_devices_metadata", eraseDevicesMetadata},
            {"erase_devices_express", eraseDevicesExpress},
            {"erase_devices", eraseDevices},
            {"inspect", inspectStep},
            {"burnin_cpu", burnInCpuStep},
            {"burnin_memory", burnInMemoryStep},
            {"burnin_disk", burnInDiskStep},
            {"start_rescue", startRescueStep},
            {"raid_create_configuration", raidCreateConfiguration},
            {"raid_delete_configuration", raidDeleteConfiguration},
            {"write_image", writeImageStep},
            {"write_tree", writeTreeStep},
            {"capture_disk", captureDiskStep},
            {"verify_disk", verifyDiskStep},
            {"start_kernel", startKernelStep},
            {"power_off", nothing},
            {"reboot", nothing}};
}

PowerChange powerChangeOf(const std::string& name, const model::JsonText& result)
{
    if (name == "start_kernel" && wire::parseObject(result.text, "start_kernel").value("loaded", false))
        return PowerChange::Kernel;
    if (name == "power_off")
        return PowerChange::Off;
    return name == "reboot" ? PowerChange::Reboot : PowerChange::None;
}

} // namespace bm::agent
