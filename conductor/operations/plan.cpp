#include "conductor/operations/plan.h"

#include "common/model/image.h"
#include "common/model/operation_kinds.h"
#include "common/model/step_kinds.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>

namespace bm::conductor {

using model::OperationKind;
using model::stepKind;
using model::StepKind;
using nlohmann::json;

namespace {

/// A step of an operation's usual plan, in the order of the table that it stands in.
struct PlannedStep {
    const StepKind& kind;
    int priority; ///< Ironic's, shown in deploy_step and clean_step
};

constexpr auto kVerify = std::to_array<PlannedStep>({
    {stepKind("validate"), 100},
    {stepKind("identify_bmc"), 90},
    {stepKind("read_power"), 80},
});
constexpr auto kClean = std::to_array<PlannedStep>({
    {stepKind("expect_boot"), 100},
    {stepKind("power_off"), 95},
    {stepKind("boot_device_pxe"), 90},
    {stepKind("power_on"), 85},
    {stepKind("await_agent"), 80},
    {stepKind("erase_devices_metadata"), 10},
    {stepKind("end_cleaning"), 0},
});
constexpr auto kDeploy = std::to_array<PlannedStep>({
    {stepKind("check_request"), 110},
    {stepKind("expect_boot"), 100},
    {stepKind("power_off"), 95},
    {stepKind("boot_device_pxe"), 90},
    {stepKind("power_on"), 85},
    {stepKind("await_agent"), 82},
    {stepKind("write_image"), 80},
    {stepKind("end_boot"), 60},
    {stepKind("power_off_written"), 50},
    {stepKind("boot_device_disk"), 40},
    {stepKind("power_on_deployed"), 30},
});
/// Deploys a RAM disk (Ironic's "ramdisk" deploy interface): no agent, no disk.
constexpr auto kRamdiskDeployment = std::to_array<PlannedStep>({
    {stepKind("check_request"), 110},
    {stepKind("prepare_ramdisk"), 105},
    {stepKind("end_boot"), 100},
    {stepKind("power_off"), 95},
    {stepKind("boot_device_ramdisk"), 90},
    {stepKind("power_on"), 85},
    {stepKind("await_ramdisk"), 80},
});
/// First, for an image that instance_info names by its address.
constexpr auto kFetch = std::to_array<PlannedStep>({
    {stepKind("fetch_image"), 112},
});
/// The RAM disk starts the deployed kernel; where that fails, the last two steps start the machine.
constexpr auto kDeployByKexec = std::to_array<PlannedStep>({
    {stepKind("check_request"), 110},
    {stepKind("expect_boot"), 100},
    {stepKind("power_off"), 95},
    {stepKind("boot_device_pxe"), 90},
    {stepKind("power_on"), 85},
    {stepKind("await_agent"), 82},
    {stepKind("write_image"), 80},
    {stepKind("boot_device_disk"), 75},
    {stepKind("start_kernel"), 70},
    {stepKind("end_boot"), 60},
    {stepKind("power_off_written"), 50},
    {stepKind("power_on_deployed"), 30},
});
constexpr auto kUndeploy = std::to_array<PlannedStep>({
    {stepKind("end_boot"), 100},
    {stepKind("power_off"), 90},
    {stepKind("forget_instance"), 80},
});
/// A running machine is shut down, its disk is read, its system starts again.
consteval std::array<PlannedStep, 12> service(const StepKind& check, const StepKind& work)
{
    return {{{check, 110},
             {stepKind("shut_down"), 105},
             {stepKind("expect_boot"), 100},
             {stepKind("power_off"), 95},
             {stepKind("boot_device_pxe"), 90},
             {stepKind("power_on"), 85},
             {stepKind("await_agent"), 82},
             {work, 80},
             {stepKind("end_boot"), 60},
             {stepKind("power_off_written"), 50},
             {stepKind("boot_device_disk"), 40},
             {stepKind("power_on_deployed"), 30}}};
}
constexpr auto kCapture = service(stepKind("check_capture"), stepKind("capture_disk"));
constexpr auto kVerifyDisk = service(stepKind("check_verify"), stepKind("verify_disk"));
constexpr auto kPower = std::to_array<PlannedStep>({
    {stepKind("set_power"), 100},
});
/// The machine starts the RAM disk.
constexpr auto kBootAgent = std::to_array<PlannedStep>({
    {stepKind("expect_boot"), 100},
    {stepKind("power_off"), 95},
    {stepKind("boot_device_pxe"), 90},
    {stepKind("power_on"), 85},
    {stepKind("await_agent"), 82},
});
constexpr auto kShutDown = std::to_array<PlannedStep>({
    {stepKind("shut_down"), 105},
});
constexpr auto kReturn = std::to_array<PlannedStep>({
    {stepKind("end_boot"), 60},
    {stepKind("power_off_written"), 50},
    {stepKind("boot_device_disk"), 40},
    {stepKind("power_on_deployed"), 30},
});
constexpr auto kEndCleaning = std::to_array<PlannedStep>({
    {stepKind("end_cleaning"), 0},
});
constexpr auto kInspect = std::to_array<PlannedStep>({
    {stepKind("expect_boot"), 100},
    {stepKind("power_off"), 95},
    {stepKind("boot_device_pxe"), 90},
    {stepKind("power_on"), 85},
    {stepKind("await_agent"), 82},
    {stepKind("inspect"), 80},
    {stepKind("apply_inspection"), 70},
    {stepKind("end_cleaning"), 0},
});
constexpr auto kAdopt = std::to_array<PlannedStep>({
    {stepKind("validate"), 100},
    {stepKind("read_power"), 80},
    {stepKind("adopt"), 70},
});
/// Shuts the running system down first: it may have unwritten data.
constexpr auto kRescue = std::to_array<PlannedStep>({
    {stepKind("shut_down"), 105},
    {stepKind("expect_boot"), 100},
    {stepKind("power_off"), 95},
    {stepKind("boot_device_pxe"), 90},
    {stepKind("power_on"), 85},
    {stepKind("await_agent"), 82},
    {stepKind("start_rescue"), 80},
});
/// Writes no disk: Ironic's "fake" deploy interface.
constexpr auto kDeployNothing = std::to_array<PlannedStep>({
    {stepKind("power_on_deployed"), 30},
});

/// Rows in the order in which they are done.
class StepRows {
public:
    explicit StepRows(const model::OperationId& operation) : operation_(operation) {}

    model::Step& add(const StepKind& kind, int priority) { return add(kind, kind.interface, priority); }
    void add(std::span<const PlannedStep> planned)
    {
        for (const PlannedStep& step : planned)
            add(step.kind, step.priority);
    }
    /// A step of a request. A reboot into the RAM disk is several.
    void addGiven(const json& given, bool ramdisk)
    {
        const auto name = given.at("step").get<std::string>();
        const auto interface = given.at("interface").get<std::string>();
        const int priority = given.value("priority", 0);
        const json arguments = given.value("args", json::object());
        if (name == "reboot" || name == "power_on" || name == "power_off")
            addPower(name, ramdisk, priority);
        else if (model::isReservedStep(name)) // under the interface that the request names
            add(*model::findStepKind(name), interface, priority).arguments = wire::canonical(arguments);
        else if (interface == "raid" && name != "delete_configuration")
            addRaid(arguments, name == "apply_configuration", priority);
        else
            add(kindOf(interface, name), priority).arguments = wire::canonical(arguments);
    }
    std::vector<model::Step> take() { return std::move(steps_); }

private:
    model::Step& add(const StepKind& kind, std::string_view interface, int priority)
    {
        model::Step& step = steps_.emplace_back();
        step.id = model::StepId::make();
        step.operation = operation_;
        step.position = static_cast<std::int32_t>(steps_.size()) - 1;
        step.name = kind.name;
        step.interface = interface;
        step.priority = priority;
        return step;
    }
    /// The row of a step that checkSteps() let pass.
    static const StepKind& kindOf(const std::string& interface, const std::string& name)
    {
        const model::StepOffer* offer = model::findStepOffer(interface, name);
        const StepKind* kind = offer == nullptr ? nullptr : model::findStepKind(offer->row);
        if (kind == nullptr)
            throw model::Error(model::ErrorCode::Internal, "no step does " + interface + "." + name);
        return *kind;
    }
    void addPower(const std::string& name, bool ramdisk, int priority)
    {
        if (name != "power_on")
            add(stepKind("switch_off"), priority);
        if (name == "power_off")
            return;
        if (ramdisk)
            add(std::span(kBootAgent));
        else
            add(stepKind("switch_on"), priority);
    }
    /// Creates RAID by the request's configuration, else the node's; deletes existing RAID first on request.
    void addRaid(json arguments, bool given, int priority)
    {
        if (arguments.value("delete_existing", given))
            add(stepKind("raid_delete_configuration"), priority);
        arguments.erase("delete_existing");
        if (given) {
            arguments["target_raid_config"] = arguments.at("raid_config");
            arguments.erase("raid_config");
        }
        add(stepKind("raid_create_configuration"), priority).arguments = wire::canonical(arguments);
    }

    model::OperationId operation_;
    std::vector<model::Step> steps_;
};

/// Adds the request's steps among those of a deployment, by priority; in-band steps while the agent is up.
void addAmong(StepRows& rows, std::span<const PlannedStep> planned, const model::JsonText& steps, bool tree)
{
    static constexpr int kAgentUp = 81;   ///< below await_agent
    static constexpr int kAgentGoes = 61; ///< above end_boot
    auto given = wire::valueOf(steps).get<std::vector<json>>();
    const auto placeOf = [](const json& step) {
        const model::StepOffer* offer =
            model::findStepOffer(step.at("interface").get<std::string>(), step.at("step").get<std::string>());
        const int priority = step.value("priority", 0);
        return offer != nullptr && offer->inBand() ? std::clamp(priority, kAgentGoes, kAgentUp) : priority;
    };
    std::ranges::stable_sort(given, std::ranges::greater{}, placeOf);
    std::size_t next = 0;
    for (const PlannedStep& step : planned) {
        for (; next < given.size() && placeOf(given[next]) > step.priority; ++next)
            rows.addGiven(given[next], false);
        const bool files = tree && &step.kind == &stepKind("write_image");
        rows.add(files ? stepKind("write_tree") : step.kind, step.priority);
    }
    for (; next < given.size(); ++next)
        rows.addGiven(given[next], false);
}

void addDeployment(StepRows& rows, const wire::OperationRequest& request, bool /*automatedClean*/)
{
    if (const auto* nothing = wire::orderIn<wire::DeployNothingOrder>(request)) {
        addAmong(rows, kDeployNothing, nothing->steps, false);
        return;
    }
    const auto& order = wire::orderOf<wire::DeployOrder>(request);
    if (order.fetch.value_or(false))
        rows.add(std::span(kFetch));
    const std::span<const PlannedStep> planned =
        order.kind == toText(model::ImageKind::Ramdisk) ? std::span<const PlannedStep>(kRamdiskDeployment)
        : order.options.kexec.value_or(false)           ? std::span<const PlannedStep>(kDeployByKexec)
                                                        : std::span<const PlannedStep>(kDeploy);
    addAmong(rows, planned, order.steps.value_or(model::JsonText{"[]"}),
             order.kind == toText(model::ImageKind::Tree));
}

void addEach(StepRows& rows, const model::JsonText& steps, bool ramdisk)
{
    for (const json& step : wire::valueOf(steps))
        rows.addGiven(step, ramdisk);
}

/// A manual cleaning has steps in its request; a deployment's request waits in an automated one.
void addCleaning(StepRows& rows, const wire::OperationRequest& request, bool automatedClean)
{
    const auto* order = wire::orderIn<wire::CleanOrder>(request);
    if (order == nullptr) {
        if (automatedClean)
            rows.add(kClean);
        return;
    }
    if (!order->disableRamdisk)
        rows.add(kBootAgent);
    addEach(rows, order->steps, !order->disableRamdisk);
    if (!order->disableRamdisk)
        rows.add(kEndCleaning);
}

void addService(StepRows& rows, const wire::OperationRequest& request, bool /*automatedClean*/)
{
    const auto& order = wire::orderOf<wire::ServiceOrder>(request);
    if (!order.disableRamdisk) {
        rows.add(kShutDown);
        rows.add(kBootAgent);
    }
    addEach(rows, order.steps, !order.disableRamdisk);
    if (!order.disableRamdisk)
        rows.add(kReturn);
}

/// The steps of a kind of operation: always the same ones, or as a function makes them of the request.
struct OperationPlan {
    OperationKind kind;
    std::span<const PlannedStep> steps;
    void (*add)(StepRows&, const wire::OperationRequest&, bool automatedClean) = nullptr;
};

// In the order of enum OperationKind.
constexpr std::array<OperationPlan, model::kOperationKindCount> kPlans{{
    {OperationKind::Verify, kVerify},
    {OperationKind::Clean, {}, addCleaning},
    {OperationKind::Deploy, {}, addDeployment},
    {OperationKind::Undeploy, kUndeploy},
    {OperationKind::Power, kPower},
    {OperationKind::Capture, kCapture},
    {OperationKind::VerifyDisk, kVerifyDisk},
    {OperationKind::Inspect, kInspect},
    {OperationKind::Adopt, kAdopt},
    {OperationKind::Rescue, kRescue},
    {OperationKind::Unrescue, kReturn},
    {OperationKind::Service, {}, addService},
}};
static_assert(std::ranges::all_of(kPlans, [](const OperationPlan& plan) {
    return &plan == &kPlans.at(static_cast<std::size_t>(plan.kind));
}));

} // namespace

std::vector<model::Step> makeSteps(const model::Operation& operation, const wire::OperationRequest& request,
                                   bool automatedClean)
{
    StepRows rows(operation.id);
    const OperationPlan& plan = kPlans.at(static_cast<std::size_t>(operation.kind));
    rows.add(plan.steps);
    if (plan.add != nullptr)
        plan.add(rows, request, automatedClean);
    return rows.take();
}

} // namespace bm::conductor
