// Steps that an operator orders by name: of the agent, of the BMC, and bm's own between them.
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/steps/raid_target.h"
#include "common/wire/steps/start_rescue.h"
#include "conductor/core/nodes.h"
#include "conductor/steps/agent_side.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_support.h"

namespace bm::conductor {

using nlohmann::json;

namespace {

constexpr std::chrono::hours kLongestWork{24};
constexpr std::chrono::milliseconds kHardwarePoll{1000};

json argumentsOf(const StepWork& work)
{
    return wire::valueOf(work.step.arguments);
}

model::StepResult doneByAgent(StepWork& work)
{
    // A burn-in may take a day.
    return agentSideOf(work).awaitReport(work, kLongestWork);
}

/// Work of the BMC: begun once, then polled. The job's id is stored with the step.
model::StepResult awaitJob(StepWork& work, const std::function<drivers::BmcJob()>& begin,
                           const std::function<drivers::BmcJob(const drivers::BmcJob&)>& check)
{
    return withPatience(work, work.context.settings.powerTimeout, [&]() -> model::StepResult {
        const json progress = wire::valueOf(work.step.result);
        const bool begun = progress.contains("job");
        const drivers::BmcJob job =
            begun ? check({.id = wire::textMember(progress, "job"), .age = work.age()}) : begin();
        work.step.message = job.message;
        work.step.result = job.done ? model::JsonText{} : wire::canonical({{"job", job.id}});
        if (job.done)
            return model::Done{};
        return model::Again{job.checkAgain};
    });
}

/// A slot of the node's interface of @p kind; checkSteps has refused a step whose slot is not filled.
template <class T>
T& slotOf(const StepWork& work, std::string_view kind, std::shared_ptr<T> drivers::Slots::*slot)
{
    const std::shared_ptr<T>& filled = work.context.hardware.slotsOf(work.node, kind).*slot;
    if (!filled)
        throw model::Error(model::ErrorCode::InvalidInput,
                           "the node's " + std::string(kind) + "_interface no longer has this step",
                           "set it back, or abort the operation");
    return *filled;
}

/// Stores the firmware's settings for the node's list of BIOS settings.
void rememberBios(StepWork& work, drivers::BiosSettings& bios, const drivers::BmcAccess& bmc)
{
    work.changeNode([settings = bios.read(bmc, work.callDeadline)](model::Node& node) {
        json internal = wire::valueOf(node.driverInternalInfo);
        internal.erase("bios");
        for (const auto& [name, value] : settings)
            internal["bios"][name] = value;
        node.driverInternalInfo = wire::canonical(internal);
    });
}

/// Texts of [{"name": ..., "value": ...}].
drivers::Values settingsOf(const json& list)
{
    drivers::Values settings;
    for (const json& one : list)
        if (one.is_object() && one.contains("name")) {
            const json value = one.value("value", json());
            settings[one.at("name").get<std::string>()] =
                value.is_string() ? value.get<std::string>() : value.dump();
        }
    return settings;
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
    if (!wire::valueOf(arguments.targetRaidConfig).contains("logical_disks"))
        throw wire::noRaidTarget();
    const model::StepResult result = doneByAgent(work);
    if (std::holds_alternative<model::Done>(result))
        work.changeNode([made = wire::valueOf(work.step.result).value("raid_config", json::object())](
                            model::Node& node) { node.raidConfig = wire::canonical(made); });
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
    drivers::BiosSettings& bios = slotOf(work, "bios", &drivers::Slots::bios);
    const drivers::BmcAccess bmc = bmcAccess(work.context, work.node);
    const drivers::Values settings = settingsOf(argumentsOf(work).value("settings", json::array()));
    const model::StepResult result = awaitJob(
        work, [&] { return bios.apply(bmc, settings, work.callDeadline); },
        [&](const drivers::BmcJob& job) { return bios.check(bmc, job, work.callDeadline); });
    if (std::holds_alternative<model::Done>(result))
        rememberBios(work, bios, bmc);
    return result;
}

model::StepResult stepResetBios(StepWork& work)
{
    drivers::BiosSettings& bios = slotOf(work, "bios", &drivers::Slots::bios);
    const drivers::BmcAccess bmc = bmcAccess(work.context, work.node);
    const model::StepResult result = awaitJob(
        work, [&] { return bios.reset(bmc, work.callDeadline); },
        [&](const drivers::BmcJob& job) { return bios.check(bmc, job, work.callDeadline); });
    if (std::holds_alternative<model::Done>(result))
        rememberBios(work, bios, bmc);
    return result;
}

model::StepResult stepUpdateFirmware(StepWork& work)
{
    drivers::FirmwareUpdates& firmware = slotOf(work, "firmware", &drivers::Slots::firmware);
    const drivers::BmcAccess bmc = bmcAccess(work.context, work.node);
    std::vector<drivers::FirmwareImage> images;
    for (const json& one : argumentsOf(work).value("settings", json::array()))
        images.push_back({wire::textMember(one, "component"), wire::textMember(one, "url")});
    return awaitJob(
        work, [&] { return firmware.update(bmc, images, work.callDeadline); },
        [&](const drivers::BmcJob& job) { return firmware.check(bmc, job, work.callDeadline); });
}

model::StepResult stepResetBmc(StepWork& work)
{
    return withPatience(work, work.context.settings.powerTimeout, [&]() -> model::StepResult {
        slotOf(work, "management", &drivers::Slots::bmc)
            .resetBmc(bmcAccess(work.context, work.node), false, work.callDeadline);
        return model::Done{};
    });
}

model::StepResult stepHold(StepWork& work)
{
    if (wire::valueOf(work.step.result).value("unheld", false))
        return model::Done{};
    work.recordEvent(model::EventKind::StepHeld, "waiting for an operator: unhold continues, abort ends it");
    return model::Hold{};
}

model::StepResult stepWaitSeconds(StepWork& work)
{
    const std::chrono::seconds span{argumentsOf(work).value("seconds", std::int64_t{0})};
    const std::chrono::milliseconds left = span - work.age();
    if (left <= std::chrono::milliseconds{0})
        return model::Done{};
    return model::Again{std::min<std::chrono::milliseconds>(left, kHardwarePoll)};
}

model::StepResult stepSwitchOff(StepWork& work)
{
    const std::chrono::milliseconds timeout = work.context.settings.powerTimeout;
    const model::StepResult result =
        work.node.disablePowerOff // the first half of a reboot: the second finds it on
            ? restart(work, timeout)
            : reachPower(work, model::PowerAction::Off, model::PowerState::Off, timeout);
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
    work.recordEvent(model::EventKind::NodeAdopted, "adopted; its disk was not written");
    return model::Done{};
}

} // namespace bm::conductor
