#include "conductor/fleet/rollouts/rollout_reconciler.h"

#include "common/model/duration.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/leases.h"
#include "conductor/core/nodes.h"
#include "conductor/fleet/rollouts/rollout_events.h"
#include "conductor/images/deployment_refusals.h"
#include "conductor/images/image_reference.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::OperationState;
using model::RolloutNode;
using model::RolloutState;
using State = model::RolloutNodeState;

namespace {

model::EventKind eventOf(State state)
{
    using model::EventKind;
    switch (state) {
    case State::Planned:
        return EventKind::RolloutNodePlanned;
    case State::Pending:
        return EventKind::RolloutNodePending;
    case State::Draining:
        return EventKind::RolloutNodeDraining;
    case State::Working:
        return EventKind::RolloutNodeWorking;
    case State::Checking:
        return EventKind::RolloutNodeChecking;
    case State::Retrying:
        return EventKind::RolloutNodeRetrying;
    case State::Restoring:
        return EventKind::RolloutNodeRestoring;
    case State::Done:
        return EventKind::RolloutNodeDone;
    case State::Failed:
        return EventKind::RolloutNodeFailed;
    case State::Skipped:
        return EventKind::RolloutNodeSkipped;
    case State::Aborted:
        return EventKind::RolloutNodeAborted;
    }
    __builtin_unreachable();
}

} // namespace

RolloutReconciler::RolloutReconciler(db::Transaction& tx, const Context& context,
                                     const RolloutRequest& request, model::Rollout rollout)
    : tx_(tx), context_(context), request_(request), rollout_(std::move(rollout)), now_(context.clock.now())
{}

bool RolloutReconciler::run()
{
    atWork_ = rows_.atWork(tx_, rollout_.id);
    if (!atWork_.empty())
        operations_ = rows_.operations(tx_, rollout_.id);
    for (RolloutNode& node : atWork_)
        check(node);
    if (rollout_.state == RolloutState::Aborting)
        stopAll();
    if (rollout_.state == RolloutState::Running && keepToBudget()) {
        openNextWave();
        beginPending();
    }
    finishIfOver();
    if (rolloutChanged_)
        rollout_ = rows_.update(tx_, rollout_);
    return changed_ || rolloutChanged_;
}

void RolloutReconciler::check(RolloutNode& node)
{
    switch (node.state) {
    case State::Working:
        return checkWorking(node);
    case State::Restoring:
        return checkRestoring(node);
    case State::Draining:
    case State::Checking:
        return askAbout(node);
    default:
        return;
    }
}

void RolloutReconciler::checkWorking(RolloutNode& node)
{
    const auto found = operations_.find(node.node.uuid);
    if (found == operations_.end())
        return end(node, State::Skipped, {"not-found", "the node was deleted", ""});
    const model::Operation& operation = found->second;
    if (node.operation != operation.id) {
        node.operation = operation.id;
        move(node, State::Working);
    }
    switch (operation.state) {
    case OperationState::Queued:
    case OperationState::Running:
        return;
    case OperationState::Done:
        if (operation.kind == model::OperationKind::Deploy)
            return deployed(node);
        return failed(
            node,
            {"internal", "its operation ended before the deployment", "bm node timeline " + node.nodeName},
            true);
    case OperationState::Failed:
        return failed(node, {operation.errorCode, operation.errorMessage, operation.errorHint}, true);
    case OperationState::Aborted:
        if (rollout_.state == RolloutState::Aborting)
            return end(node, State::Aborted, {operation.errorCode, operation.errorMessage, ""});
        return failed(
            node, {operation.errorCode, operation.errorMessage, "bm rollout retry " + rollout_.name}, false);
    }
}

void RolloutReconciler::checkRestoring(RolloutNode& node)
{
    const auto found = operations_.find(node.node.uuid);
    if (found == operations_.end())
        return end(node, State::Failed, {"not-found", node.reason + "; then the node was deleted", ""});
    const model::Operation& operation = found->second;
    if (!operation.finishedAt || operation.id == node.operation)
        return;
    const bool well = operation.state == OperationState::Done;
    end(node, State::Failed,
        {node.reasonCode,
         node.reason + (well ? "; the previous image is back"
                             : "; putting the previous image back failed: " + operation.errorMessage),
         node.hint});
}

void RolloutReconciler::askAbout(RolloutNode& node)
{
    const bool drain = node.state == State::Draining;
    if (!drain && request_.health.kind == HealthKind::PhoneHome && node.phonedHomeAt)
        return end(node, State::Done);
    if (node.gateDeadline && *node.gateDeadline <= now_) {
        const std::string detail =
            fmt::format("{} gate: not passed within {}{}", drain ? "drain" : "health",
                        model::toText(drain ? request_.drain.deadline : request_.health.deadline),
                        node.gateDetail.empty() ? "" : "; last: " + node.gateDetail);
        return drain ? failed(node,
                              {"deadline-exceeded", detail,
                               "empty it by hand, then: bm rollout retry " + rollout_.name},
                              false)
                     : unhealthy(node, {"deadline-exceeded", detail, "bm node timeline " + node.nodeName});
    }
    if (node.runAt > now_ || (!drain && request_.health.kind == HealthKind::PhoneHome))
        return;
    GateQuestion question;
    question.kind = drain ? GateQuestion::Kind::Drain : GateQuestion::Kind::Health;
    question.rowUuid = node.uuid;
    question.rollout = rollout_.name;
    question.node = node.nodeName;
    question.nodeUuid = node.node.uuid;
    question.address = addressOf(node.node);
    if (!drain)
        question.asker = askerOfAddress(node.node);
    question.drain = request_.drain;
    question.health = request_.health;
    questions.push_back(std::move(question));
}

void RolloutReconciler::answerGate(const GateQuestion& question, const GateAnswer& answer)
{
    std::optional<RolloutNode> node = rows_.findNode(tx_, question.rowUuid);
    const bool drain = question.kind == GateQuestion::Kind::Drain;
    if (!node || node->state != (drain ? State::Draining : State::Checking))
        return;
    node->gateDetail = answer.detail;
    if (answer.verdict == GateAnswer::Verdict::Wait) {
        node->runAt =
            now_ + answer.askAgain.value_or(drain ? request_.drain.interval : request_.health.interval);
        rows_.updateNode(tx_, *node);
        return;
    }
    if (answer.verdict == GateAnswer::Verdict::Fail) {
        const Failure failure{std::string(model::toText(answer.failure->code())),
                              (drain ? "drain gate: " : "health gate: ") + answer.failure->message(),
                              answer.failure->hint()};
        drain ? failed(*node, failure, false) : unhealthy(*node, failure);
        if (rolloutChanged_)
            rollout_ = rows_.update(tx_, rollout_);
        return;
    }
    if (!drain)
        return end(*node, State::Done);
    if (answer.verdict == GateAnswer::Verdict::Refuse)
        return end(*node, State::Skipped, {"forbidden", "the drain gate refused: " + answer.detail, ""});
    node->drained = true;
    node->runAt = now_;
    move(*node, State::Pending);
}

void RolloutReconciler::deployed(RolloutNode& node)
{
    if (request_.health.kind == HealthKind::None)
        return end(node, State::Done);
    node.gateDeadline = now_ + request_.health.deadline;
    node.gateDetail.clear();
    node.runAt = now_;
    move(node, State::Checking);
}

void RolloutReconciler::unhealthy(RolloutNode& node, const Failure& failure)
{
    if (request_.health.onFailure == OnUnhealthy::Restore && !node.previousImage.empty())
        return restorePrevious(node, failure);
    failed(node, failure, false);
    if (request_.health.onFailure == OnUnhealthy::Stop && rollout_.state == RolloutState::Running)
        pauseFor(node.nodeName + ": " + failure.text, "bm rollout retry or resume " + rollout_.name);
}

void RolloutReconciler::restorePrevious(RolloutNode& node, const Failure& failure)
{
    try {
        const model::Image previous = findImage(tx_, node.previousImage, {});
        DeployRequest deploy = request_.deploy;
        deploy.options = wire::optionsFor(previous.kind, deploy.options);
        deploy.image = node.previousImage;
        const model::OperationId before = node.operation;
        order(node, deploy);
        node.operation = before; // the previous image follows
        node.reasonCode = failure.code;
        node.reason = failure.text;
        node.hint = failure.hint;
        move(node, State::Restoring);
    } catch (const Error& error) {
        failed(node,
               {failure.code, failure.text + "; bm cannot restore the previous image: " + error.what(),
                failure.hint},
               false);
    }
}

void RolloutReconciler::failed(RolloutNode& node, const Failure& failure, bool mayRetry)
{
    if (mayRetry && node.attempts < request_.attempts && rollout_.state != RolloutState::Aborting &&
        !windowIsOver()) {
        node.reasonCode = failure.code;
        node.reason = failure.text;
        node.hint = failure.hint;
        node.runAt = now_ + request_.retryDelay * (1 << std::clamp(node.attempts - 1, 0, 10));
        return move(node, State::Retrying);
    }
    end(node, State::Failed, failure);
}

void RolloutReconciler::end(RolloutNode& node, State state, const Failure& why)
{
    node.reasonCode = why.code;
    node.reason = why.text;
    node.hint = why.hint;
    node.finishedAt = now_;
    node.phoneHomeHash.clear();
    move(node, state);
}

void RolloutReconciler::move(RolloutNode& node, State state)
{
    const bool same = node.state == state;
    node.state = state;
    rows_.updateNode(tx_, node);
    changed_ = true;
    if (same)
        return;
    const nlohmann::json details = {
        {"wave", node.wave}, {"attempt", node.attempts}, {"code", node.reasonCode}};
    recordRolloutEvent(tx_, now_, rollout_, eventOf(state),
                       node.nodeName + (node.reason.empty() ? "" : ": " + node.reason), details.dump(),
                       node.node);
}

bool RolloutReconciler::windowIsOver() const
{
    return request_.startBefore && *request_.startBefore <= now_;
}

platform::Asker RolloutReconciler::askerOfAddress(const model::NodeId& id) const
{
    const std::optional<model::Node> node = db::NodeRepository{}.find(tx_, id);
    const bool given = node && !wire::textMember(wire::valueOf(node->properties), "health_address").empty();
    return given ? askerOf(*node) : platform::Asker::System;
}

std::string RolloutReconciler::addressOf(const model::NodeId& id) const
{
    if (const std::optional<model::Node> node = db::NodeRepository{}.find(tx_, id)) {
        std::string given = wire::textMember(wire::valueOf(node->properties), "health_address");
        if (!given.empty())
            return given;
    }
    return leasedAddressOf(tx_, context_, id).value_or(std::string{});
}

} // namespace bm::conductor::fleet
