// Steps that somebody asked for: of the agent, of simulated firmware, and bm's own between them.
#include "common/wire/steps/raid.h"
#include "common/wire/steps/start_rescue.h"
#include "conductor/core/json_values.h"
#include "conductor/steps/simulated_agent.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

namespace bm::conductor {

using nlohmann::json;

namespace {

constexpr std::chrono::hours kLongestWork{24};
constexpr std::chrono::milliseconds kHardwareLook{1000};

json argumentsOf(const StepWork& work)
{
    return valueOf(work.step.arguments);
}

model::StepResult doneByAgent(StepWork& work)
{
    // A burn-in takes as long as it was told to.
    return isSimulated(work) ? simulateStep(work) : awaitReport(work, kLongestWork);
}

/// What firmware would keep; of simulated machines.
void remember(StepWork& work, const char* member, const json& values)
{
    work.changeNode([member, values](model::Node& node) {
        json internal = valueOf(node.driverInternalInfo);
        for (const json& one : values)
            if (one.is_object() && one.contains("name"))
                internal[member][one.at("name").get<std::string>()] = one.value("value", json());
        node.driverInternalInfo = textOf(internal);
    });
}

} // namespace

model::StepResult stepAgentWork(StepWork& work)
{
    return doneByAgent(work);
}

model::StepResult stepCreateRaid(StepWork& work)
{
    auto arguments = wire::fromJson<wire::RaidCreateArguments>(work.step.arguments.text, work.step.name);
    if (arguments.targetRaidConfig == model::JsonText{})
        arguments.targetRaidConfig = work.node.targetRaidConfig;
    work.step.arguments = wire::toJson(arguments);
    if (!valueOf(arguments.targetRaidConfig).contains("logical_disks"))
        throw model::Error(
            model::ErrorCode::InvalidInput, "the node has no target_raid_config",
            R"(PUT /v1/nodes/NODE/states/raid {"logical_disks": [{"size_gb": "MAX", "raid_level": "1"}]})");
    const model::StepResult result = doneByAgent(work);
    if (std::holds_alternative<model::Done>(result))
        work.changeNode([made = valueOf(work.step.result).value("raid_config", json::object())](
                            model::Node& node) { node.raidConfig = textOf(made); });
    return result;
}

model::StepResult stepDeleteRaid(StepWork& work)
{
    const model::StepResult result = doneByAgent(work);
    if (std::holds_alternative<model::Done>(result))
        work.changeNode([](model::Node& node) { node.raidConfig = {}; });
    return result;
}

model::StepResult stepApplyBios(StepWork& work)
{
    const model::StepResult result = simulateStep(work);
    if (std::holds_alternative<model::Done>(result))
        remember(work, "bios", argumentsOf(work).value("settings", json::array()));
    return result;
}

model::StepResult stepResetBios(StepWork& work)
{
    const model::StepResult result = simulateStep(work);
    if (std::holds_alternative<model::Done>(result))
        work.changeNode([](model::Node& node) {
            json internal = valueOf(node.driverInternalInfo);
            internal.erase("bios");
            node.driverInternalInfo = textOf(internal);
        });
    return result;
}

model::StepResult stepSimulated(StepWork& work)
{
    return simulateStep(work);
}

model::StepResult stepHold(StepWork& work)
{
    if (valueOf(work.step.result).value("unheld", false))
        return model::Done{};
    work.event("step.held", "waiting for an operator: unhold goes on, abort ends it");
    return model::Hold{};
}

model::StepResult stepWaitSeconds(StepWork& work)
{
    const std::chrono::seconds span{argumentsOf(work).value("seconds", std::int64_t{0})};
    const std::chrono::milliseconds left = span - work.age();
    if (left <= std::chrono::milliseconds{0})
        return model::Done{};
    return model::Again{std::min<std::chrono::milliseconds>(left, kHardwareLook)};
}

model::StepResult stepSwitchOff(StepWork& work)
{
    const model::StepResult result =
        reachPower(work, model::PowerAction::Off, model::PowerState::Off, work.context.settings.powerTimeout);
    if (std::holds_alternative<model::Done>(result))
        stepEndBoot(work); // its agent is gone
    return result;
}

model::StepResult stepSwitchOn(StepWork& work)
{
    return reachPower(work, model::PowerAction::On, model::PowerState::On,
                      work.context.settings.powerTimeout);
}

model::StepResult stepStartRescue(StepWork& work)
{
    if (work.step.arguments.text == "{}")
        work.step.arguments = wire::toJson(wire::StartRescueArguments{
            .hashedPassword = wire::orderOf<wire::RescueOrder>(work.request).hashedPassword});
    return doneByAgent(work);
}

model::StepResult stepAdopt(StepWork& work)
{
    work.event("node.adopted", "taken over as it runs: nothing was written");
    return model::Done{};
}

} // namespace bm::conductor
