#include "conductor/steps/step_support.h"

#include "common/model/step_kinds.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"
#include "conductor/steps/agent_side.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kRetryInterval{3000};
constexpr std::chrono::milliseconds kPollInterval{500};
constexpr std::chrono::milliseconds kOrderAgain{10'000};

bool mayPass(ErrorCode code)
{
    return code == ErrorCode::BmcUnreachable || code == ErrorCode::BmcBusy ||
           code == ErrorCode::BmcSessionLimit || code == ErrorCode::BmcBadReply ||
           code == ErrorCode::DeadlineExceeded;
}

} // namespace

model::StepResult withPatience(StepWork& work, std::chrono::milliseconds timeout,
                               const std::function<model::StepResult()>& attempt)
{
    try {
        return attempt();
    } catch (const Error& error) {
        if (!mayPass(error.code()) || work.age() >= timeout)
            throw;
        work.step.message = std::string(error.what()) + "; trying again";
        work.recordEvent(model::EventKind::BmcRetry, error.message());
        return model::Again{kRetryInterval};
    }
}

model::PowerState observePower(StepWork& work)
{
    const drivers::BmcAccess bmc = bmcAccess(work.context, work.node);
    drivers::PowerDriver& power = powerOf(work.context, work.node);
    const std::vector<drivers::PowerReading> readings =
        power.readPower(std::span(&bmc, 1), work.callDeadline);
    const drivers::PowerReading& reading = readings.at(0);
    if (reading.failure)
        throw Error(*reading.failure);
    const model::PowerState seen = reading.state;
    if (seen == model::PowerState::Unknown)
        return seen;
    if (seen != work.seenPower.value_or(work.node.power)) {
        work.recordEvent(seen == model::PowerState::On ? model::EventKind::PowerOn
                                                       : model::EventKind::PowerOff,
                         std::string(model::toText(seen)));
        work.writes.emplace_back([id = work.node.id, seen](db::Transaction& tx) {
            db::NodeRepository{}.recordPower(tx, id, seen);
        });
    }
    work.seenPower = seen;
    return seen;
}

void expectPower(model::Node& node, model::PowerTarget target)
{
    const bool off = target == model::PowerTarget::Off || target == model::PowerTarget::SoftOff;
    const bool restarts = target == model::PowerTarget::Reboot || target == model::PowerTarget::SoftReboot;
    const model::PowerState end = off ? model::PowerState::Off : model::PowerState::On;
    if (!restarts && node.power == end)
        return;
    node.targetPower = toText(end);
    if (!model::isFailure(node.state))
        forgetError(node);
}

void forgetError(model::Node& node)
{
    node.lastError.clear();
    node.lastErrorCode.clear();
    node.lastErrorHint.clear();
}

model::StepResult reachPower(StepWork& work, model::PowerAction action, model::PowerState wanted,
                             std::chrono::milliseconds timeout)
{
    if (work.node.disablePowerOff && wanted == model::PowerState::Off)
        refusePowerOff(work.node);
    return withPatience(work, timeout, [&]() -> model::StepResult {
        if (observePower(work) == wanted)
            return model::Done{};
        if (work.age() >= timeout)
            throw Error(ErrorCode::DeadlineExceeded,
                        "the machine is still not \"" + std::string(model::toText(wanted)) + "\" " +
                            std::to_string(timeout / 1s) + " s after the BMC got the order",
                        "check the machine's console and its BMC's event log");
        nlohmann::json progress = wire::valueOf(work.step.result);
        const std::int64_t now = model::toMillis(work.context.clock.now());
        const std::int64_t ordered = progress.value("ordered_at_ms", std::int64_t{0});
        if (now - ordered >= kOrderAgain.count() || now < ordered) { // the clock may have been set back
            const drivers::BmcAccess bmc = bmcAccess(work.context, work.node);
            powerOf(work.context, work.node).setPower(bmc, action, work.callDeadline);
            progress["ordered_at_ms"] = now;
            work.step.result = wire::canonical(progress);
            work.step.message = "ordered the BMC: " + std::string(model::toText(action));
        }
        if (agentSideOf(work).switchesAtOnce() && observePower(work) == wanted)
            return model::Done{};
        return model::Again{kPollInterval};
    });
}

model::StepResult restart(StepWork& work, std::chrono::milliseconds timeout)
{
    nlohmann::json progress = wire::valueOf(work.step.result);
    if (!progress.value("restarted", false)) {
        const model::StepResult ordered = withPatience(work, timeout, [&]() -> model::StepResult {
            if (observePower(work) == model::PowerState::On)
                powerOf(work.context, work.node)
                    .setPower(bmcAccess(work.context, work.node), model::PowerAction::Reset,
                              work.callDeadline);
            return model::Done{};
        });
        if (!std::holds_alternative<model::Done>(ordered))
            return ordered;
        progress["restarted"] = true;
        work.step.result = wire::canonical(progress);
        work.step.message = "reset: the node has disable_power_off";
        return model::Again{kPollInterval};
    }
    return reachPower(work, model::PowerAction::On, model::PowerState::On, timeout);
}

std::optional<model::Image> findImageOf(const StepWork& work)
{
    const std::string id = wire::imageIdOf(work.request);
    return work.context.database.read(
        [&](db::Transaction& tx) { return db::ImageRepository{}.find(tx, model::ImageId{id}); });
}

model::Image imageOf(const StepWork& work)
{
    const std::optional<model::Image> image = findImageOf(work);
    if (!image)
        throw model::Error(model::ErrorCode::NotFound, "image " + wire::imageIdOf(work.request) + " is gone",
                           "bm image list");
    return *image;
}

db::AgentRecord agentRecord(const StepWork& work)
{
    std::optional<db::AgentRecord> record = work.context.database.read(
        [&](db::Transaction& tx) { return db::AgentRepository{}.find(tx, work.node.id); });
    if (!record) {
        record.emplace();
        record->node = work.node.id;
    }
    return *record;
}

bool agentIsUp(const db::AgentRecord& record)
{
    return record.lastContactAt.has_value() && !record.nonceHash.empty();
}

bool awaitsReboot(const model::Step& step)
{
    return step.name == model::stepKind("expect_boot").name && step.state == model::StepState::Waiting &&
           step.result.text != kRebootOk;
}

bool bootsByHand(const StepWork& work)
{
    if (work.step.attempts <= 1) // the operation's first boot
        return false;
    return work.context.database.read([&](db::Transaction& tx) {
        bool byHand = false;
        for (const model::Step& step : db::OperationRepository{}.steps(tx, work.operation.id))
            if (step.name == model::stepKind("expect_boot").name && step.position <= work.step.position)
                byHand = step.result.text == kRebootOk;
        return byHand;
    });
}

} // namespace bm::conductor
