#include "conductor/operations/plan.h"

#include "conductor/core/json_values.h"
#include "conductor/operations/step_catalogue.h"

#include <algorithm>
#include <array>
#include <functional>

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
/// Of an image that is named by its address.
constexpr auto kFetch = std::to_array<PlannedStep>({
    {"fetch_image", "deploy", 112},
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
/// The RAM disk comes up, whatever is to be done in it.
constexpr auto kBootAgent = std::to_array<PlannedStep>({
    {"expect_boot", "boot", 100},
    {"power_off", "power", 95},
    {"boot_device_pxe", "management", 90},
    {"power_on", "power", 85},
    {"await_agent", "deploy", 82},
});
constexpr auto kShutDown = std::to_array<PlannedStep>({
    {"shut_down", "power", 105},
});
constexpr auto kReturn = std::to_array<PlannedStep>({
    {"end_boot", "boot", 60},
    {"power_off_written", "power", 50},
    {"boot_device_disk", "management", 40},
    {"power_on_deployed", "power", 30},
});
constexpr auto kEndCleaning = std::to_array<PlannedStep>({
    {"end_cleaning", "power", 0},
});
constexpr auto kInspect = std::to_array<PlannedStep>({
    {"inspect", "inspect", 80},
    {"apply_inspection", "inspect", 70},
    {"end_cleaning", "power", 0},
});
constexpr auto kAdopt = std::to_array<PlannedStep>({
    {"validate", "power", 100},
    {"read_power", "power", 80},
    {"adopt", "deploy", 70},
});
constexpr auto kRescue = std::to_array<PlannedStep>({
    {"start_rescue", "rescue", 80},
});
/// Nothing to write: Ironic's "fake" deploy interface.
constexpr auto kDeployNothing = std::to_array<PlannedStep>({
    {"power_on_deployed", "power", 30},
});

std::span<const PlannedStep> stepsFor(const model::Operation& operation, const std::string& imageKind)
{
    if (imageKind == "ramdisk")
        return kStay;
    if (imageKind == kNoImage)
        return kDeployNothing;
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
    case OperationKind::Inspect:
        return kInspect;
    case OperationKind::Adopt:
        return kAdopt;
    case OperationKind::Rescue:
        return kRescue;
    case OperationKind::Unrescue:
    case OperationKind::Service:
        return kReturn;
    }
    __builtin_unreachable();
}

namespace {

/// Rows in the order in which they are done.
class StepRows {
public:
    explicit StepRows(const model::OperationId& operation) : operation_(operation) {}

    model::Step& add(std::string_view name, std::string_view interface, int priority)
    {
        model::Step& step = steps_.emplace_back();
        step.id = model::StepId::make();
        step.operation = operation_;
        step.position = static_cast<std::int32_t>(steps_.size()) - 1;
        step.name = name;
        step.interface = interface;
        step.priority = priority;
        return step;
    }
    void add(std::span<const PlannedStep> planned)
    {
        for (const PlannedStep& step : planned)
            add(step.name, step.interface, step.priority);
    }
    /// A step that somebody asked for. A reboot into the RAM disk is several.
    void addGiven(const nlohmann::json& given, bool ramdisk)
    {
        const auto name = given.at("step").get<std::string>();
        const auto interface = given.at("interface").get<std::string>();
        const int priority = given.value("priority", 0);
        if (name == "reboot" || (name == "power_on" && ramdisk)) {
            if (name == "reboot")
                add("switch_off", "power", priority);
            if (ramdisk)
                add(std::span(kBootAgent));
            else
                add("switch_on", "power", priority);
            return;
        }
        if (name == "power_off" || name == "power_on") {
            add(name == "power_off" ? "switch_off" : "switch_on", "power", priority);
            return;
        }
        nlohmann::json arguments = given.value("args", nlohmann::json::object());
        if (interface == "raid" && name != "delete_configuration") {
            addRaid(arguments, name == "apply_configuration", priority);
            return;
        }
        add(rowName(interface, name), interface, priority).arguments = textOf(arguments);
    }
    /// Of the configuration given, or of the node's; what is there goes first where that is wanted.
    void addRaid(nlohmann::json arguments, bool given, int priority)
    {
        if (arguments.value("delete_existing", given))
            add("raid_delete_configuration", "raid", priority);
        arguments.erase("delete_existing");
        if (given) {
            arguments["target_raid_config"] = arguments.at("raid_config");
            arguments.erase("raid_config");
        }
        add("raid_create_configuration", "raid", priority).arguments = textOf(arguments);
    }
    std::vector<model::Step> take() { return std::move(steps_); }

private:
    model::OperationId operation_;
    std::vector<model::Step> steps_;
};

/// The steps asked for, where they stand among those of a deployment: by priority, in-band ones while the
/// agent is up.
void addDeployment(StepRows& rows, const model::Operation& operation, const std::string& imageKind)
{
    static constexpr int kAgentUp = 81;   ///< below await_agent
    static constexpr int kAgentGoes = 61; ///< above end_boot
    const nlohmann::json request = valueOf(operation.request);
    auto given = request.value("deploy_steps", nlohmann::json::array()).get<std::vector<nlohmann::json>>();
    const auto placeOf = [](const nlohmann::json& step) {
        const KnownStep* known =
            findKnownStep(step.at("interface").get<std::string>(), step.at("step").get<std::string>());
        const int priority = step.value("priority", 0);
        return known != nullptr && known->inBand ? std::clamp(priority, kAgentGoes, kAgentUp) : priority;
    };
    std::ranges::stable_sort(given, std::ranges::greater{}, placeOf);
    if (request.value("fetch", false))
        rows.add(std::span(kFetch));
    std::size_t next = 0;
    for (const PlannedStep& planned : stepsFor(operation, imageKind)) {
        for (; next < given.size() && placeOf(given[next]) > planned.priority; ++next)
            rows.addGiven(given[next], false);
        const bool tree = imageKind == "tree" && planned.name == "write_image";
        rows.add(tree ? "write_tree" : planned.name, planned.interface, planned.priority);
    }
    for (; next < given.size(); ++next)
        rows.addGiven(given[next], false);
}

void addAsked(StepRows& rows, const nlohmann::json& request, const char* member)
{
    const bool ramdisk = !request.value("disable_ramdisk", false);
    for (const nlohmann::json& step : request.at(member))
        rows.addGiven(step, ramdisk);
}

void addManualCleaning(StepRows& rows, const nlohmann::json& request)
{
    const bool ramdisk = !request.value("disable_ramdisk", false);
    if (ramdisk)
        rows.add(kBootAgent);
    addAsked(rows, request, "clean_steps");
    if (ramdisk)
        rows.add(kEndCleaning);
}

void addService(StepRows& rows, const nlohmann::json& request)
{
    const bool ramdisk = !request.value("disable_ramdisk", false);
    if (ramdisk) {
        rows.add(kShutDown);
        rows.add(kBootAgent);
    }
    addAsked(rows, request, "service_steps");
    if (ramdisk)
        rows.add(kReturn);
}

} // namespace

std::string rowName(std::string_view interface, std::string_view step)
{
    if (interface == "raid" || interface == "bios" || interface == "firmware")
        return std::string(interface) + "_" + std::string(step);
    return std::string(step);
}

std::string_view shownName(const model::Step& step)
{
    const std::string_view name = step.name;
    for (const std::string_view interface : {"raid", "bios", "firmware"})
        if (step.interface == interface && name.starts_with(interface) && name.size() > interface.size())
            return name.substr(interface.size() + 1);
    return name;
}

std::vector<model::Step> makeSteps(const model::Operation& operation, bool automatedClean)
{
    StepRows rows(operation.id);
    const nlohmann::json request = valueOf(operation.request);
    switch (operation.kind) {
    case OperationKind::Clean:
        if (request.contains("clean_steps"))
            addManualCleaning(rows, request);
        else if (automatedClean)
            rows.add(kClean);
        break;
    case OperationKind::Deploy:
        addDeployment(rows, operation, textMember(request, "kind"));
        break;
    case OperationKind::Service:
        addService(rows, request);
        break;
    case OperationKind::Rescue: // what it wrote last may be what is to be rescued
        rows.add(kShutDown);
        rows.add(kBootAgent);
        rows.add(plannedSteps(operation.kind));
        break;
    case OperationKind::Inspect:
        rows.add(kBootAgent);
        rows.add(plannedSteps(operation.kind));
        break;
    default:
        rows.add(plannedSteps(operation.kind));
    }
    return rows.take();
}

bool isWaitState(model::State state)
{
    return state == model::State::WaitCallback || state == model::State::CleanWait ||
           state == model::State::ServiceWait || state == model::State::InspectWait ||
           state == model::State::RescueWait;
}

} // namespace bm::conductor
