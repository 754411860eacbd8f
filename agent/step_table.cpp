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
#include "common/model/step_kinds.h"
#include "common/wire/steps/start_kernel.h"

#include <algorithm>
#include <array>

namespace bm::agent {

using model::stepKind;
using model::StepKind;

namespace {

struct StepRow {
    const StepKind* kind;
    model::JsonText (*function)(const StepContext&);
};

constexpr auto kSteps = std::to_array<StepRow>({
    {&stepKind("erase_devices_metadata"), eraseDevicesMetadata},
    {&stepKind("erase_devices_express"), eraseDevicesExpress},
    {&stepKind("erase_devices"), eraseDevices},
    {&stepKind("inspect"), inspectStep},
    {&stepKind("burnin_cpu"), burnInCpuStep},
    {&stepKind("burnin_memory"), burnInMemoryStep},
    {&stepKind("burnin_disk"), burnInDiskStep},
    {&stepKind("start_rescue"), startRescueStep},
    {&stepKind("raid_create_configuration"), raidCreateConfiguration},
    {&stepKind("raid_delete_configuration"), raidDeleteConfiguration},
    {&stepKind("write_image"), writeImageStep},
    {&stepKind("write_tree"), writeTreeStep},
    {&stepKind("capture_disk"), captureDiskStep},
    {&stepKind("verify_disk"), verifyDiskStep},
    {&stepKind("start_kernel"), startKernelStep},
});
static_assert(std::ranges::all_of(model::kStepKinds,
                                  [](const StepKind& kind) {
                                      return std::ranges::count(kSteps, &kind, &StepRow::kind) ==
                                             (kind.inBand() ? 1 : 0);
                                  }),
              "the agent has one function for each of its steps");

} // namespace

std::map<std::string, StepFunction> allSteps()
{
    const StepFunction nothing = [](const StepContext&) { return model::JsonText{}; };
    std::map<std::string, StepFunction> steps{{"power_off", nothing}, {"reboot", nothing}};
    for (const StepRow& row : kSteps)
        steps.emplace(row.kind->name, row.function);
    return steps;
}

PowerChange powerChangeOf(const std::string& name, const model::JsonText& result)
{
    if (name == stepKind("start_kernel").name &&
        wire::fromJson<wire::StartKernelResult>(result.text, "start_kernel").loaded)
        return PowerChange::Kernel;
    if (name == "power_off")
        return PowerChange::Off;
    return name == "reboot" ? PowerChange::Reboot : PowerChange::None;
}

} // namespace bm::agent
