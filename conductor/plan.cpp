#include "conductor/plan.h"

#include "conductor/json_values.h"

#include <array>

namespace bm::conductor {
namespace {

using model::OperationKind;

constexpr auto kVerify = std::to_array<PlannedStep>({
    {"validate", "power", 100},
    {"identify_bmc", "management", 90},
    {"read_power", "power", 80},
});
constexpr auto kClean = std::to_array<PlannedStep>({
    {"expect_boot", "boot", 100},
    {"power_off", "power", 95},
    {"boot_device_pxe", "management", 90},
    {"power_on", "power", 85},
    {"await_agent", "deploy", 80},
    {"erase_devices_metadata", "deploy", 10},
    {"end_cleaning", "power", 0},
});
constexpr auto kDeploy = std::to_array<PlannedStep>({
    {"check_request", "deploy", 110},
    {"expect_boot", "boot", 100},
    {"power_off", "power", 95},
    {"boot_device_pxe", "management", 90},
    {"power_on", "power", 85},
    {"await_agent", "deploy", 82},
    {"write_image", "deploy", 80},
    {"end_boot", "boot", 60},
    {"power_off_written", "power", 50},
    {"boot_device_disk", "management", 40},
    {"power_on_deployed", "power", 30},
});
/// Of a RAM disk (Ironic's "ramdisk" deploy interface): no agent, no disk.
constexpr auto kStay = std::to_array<PlannedStep>({
    {"check_request", "deploy", 110},
    {"prepare_ramdisk", "deploy", 105},
    {"end_boot", "boot", 100},
    {"power_off", "power", 95},
    {"boot_device_ramdisk", "management", 90},
    {"power_on", "power", 85},
    {"await_ramdisk", "deploy", 80},
});
/// The deployed kernel is started from the RAM disk; where that does not work the last two steps do.
constexpr auto kDeployByKexec = std::to_array<PlannedStep>({
    {"check_request", "deploy", 110},
    {"expect_boot", "boot", 100},
    {"power_off", "power", 95},
    {"boot_device_pxe", "management", 90},
    {"power_on", "power", 85},
    {"await_agent", "deploy", 82},
    {"write_image", "deploy", 80},
    {"boot_device_disk", "management", 75},
    {"start_kernel", "deploy", 70},
    {"end_boot", "boot", 60},
    {"power_off_written", "power", 50},
    {"power_on_deployed", "power", 30},
});
constexpr auto kUndeploy = std::to_array<PlannedStep>({
    {"end_boot", "boot", 100},
    {"power_off", "power", 90},
    {"forget_instance", "deploy", 80},
});
/// A running machine is taken down for a look at its disk, and brought back.
constexpr std::array<PlannedStep, 12> service(std::string_view check, std::string_view work)
{
    return {{{check, "deploy", 110},
             {"shut_down", "power", 105},
             {"expect_boot", "boot", 100},
             {"power_off", "power", 95},
             {"boot_device_pxe", "management", 90},
             {"power_on", "power", 85},
             {"await_agent", "deploy", 82},
             {work, "deploy", 80},
             {"end_boot", "boot", 60},
             {"power_off_written", "power", 50},
             {"boot_device_disk", "management", 40},
             {"power_on_deployed", "power", 30}}};
}
constexpr auto kCapture = service("check_capture", "capture_disk");
constexpr auto kVerifyDisk = service("check_verify", "verify_disk");
constexpr auto kPower = std::to_array<PlannedStep>({
    {"set_power", "power", 100},
});

std::span<const PlannedStep> stepsFor(const model::Operation& operation, const std::string& imageKind)
{
    if (imageKind == "ramdisk")
        return kStay;
    if (operation.kind == OperationKind::Deploy && valueOf(operation.request).value("kexec", false))
        return kDeployByKexec;
    return plannedSteps(operation.kind);
}

} // namespace

std::span<const PlannedStep> plannedSteps(OperationKind kind)
{
    switch (kind) {
    case OperationKind::Verify:
        return kVerify;
    case OperationKind::Clean:
        return kClean;
    case OperationKind::Deploy:
        return kDeploy;
    case OperationKind::Undeploy:
        return kUndeploy;
    case OperationKind::Power:
        return kPower;
    case OperationKind::Capture:
        return kCapture;
    case OperationKind::VerifyDisk:
        return kVerifyDisk;
    }
    __builtin_unreachable();
}

std::vector<model::Step> makeSteps(const model::Operation& operation, bool automatedClean)
{
    std::vector<model::Step> steps;
    if (operation.kind == OperationKind::Clean && !automatedClean)
        return steps;
    const std::string imageKind = operation.kind == OperationKind::Deploy
                                      ? textMember(valueOf(operation.request), "kind")
                                      : std::string();
    const bool tree = imageKind == "tree";
    for (const PlannedStep& planned : stepsFor(operation, imageKind)) {
        model::Step step;
        step.id = model::StepId::make();
        step.operation = operation.id;
        step.position = static_cast<std::int32_t>(steps.size());
        step.name = tree && planned.name == "write_image" ? "write_tree" : planned.name;
        step.interface = planned.interface;
        step.priority = planned.priority;
        steps.push_back(std::move(step));
    }
    return steps;
}

bool isWaitState(model::State state)
{
    return state == model::State::WaitCallback || state == model::State::CleanWait ||
           state == model::State::ServiceWait;
}

} // namespace bm::conductor
