#include "conductor/operations/lifecycle.h"

#include "common/model/faults.h"
#include "common/model/operation_kinds.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/operations/plan.h"
#include "conductor/steps/captures.h"
#include "conductor/steps/step_support.h"
#include "db/repositories/audit_repository.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using model::Operation;
using model::OperationKind;
using model::State;
using model::StateEvent;

namespace {

void recordStateChange(db::Transaction& tx, const Context& context, const Node& node, State before,
                       const Operation& operation)
{
    if (node.state != before)
        recordEvent(tx, context.clock.now(), node.id, model::EventKind::StateChanged,
                    std::string(model::toText(before)) + " -> " + std::string(model::toText(node.state)),
                    "{}", operation.id);
}

void clearSteps(Node& node)
{
    node.deployStep = {};
    node.cleanStep = {};
    node.serviceStep = {};
    node.targetPower.clear();
}

Node nodeOf(db::Transaction& tx, const Operation& operation)
{
    const std::optional<Node> node = db::NodeRepository{}.find(tx, operation.node);
    if (!node)
        throw Error(ErrorCode::NotFound, "the operation's node " + operation.node.uuid + " is gone");
    return *node;
}

/// Appends the operation's end to the audit log.
void auditEnd(db::Transaction& tx, const Operation& operation, model::UtcTime now)
{
    model::AuditRecord record;
    record.at = now;
    record.actor = operation.actor;
    record.action = "operation." + std::string(model::toText(operation.kind));
    record.targetKind = "node";
    record.targetId = operation.node.uuid;
    if (const std::optional<Node> node = db::NodeRepository{}.find(tx, operation.node))
        record.targetName = node->name;
    record.outcome = model::toText(operation.state);
    record.code = operation.errorCode;
    record.detail = operation.errorMessage;
    db::AuditRepository{}.append(tx, record);
}

} // namespace

void closeStep(db::Transaction& tx, const Context& context, const Operation& operation,
               model::OperationState state, model::UtcTime now, model::Step& step)
{
    const bool open = step.state != model::StepState::Pending;
    step.state =
        open && state == model::OperationState::Failed ? model::StepState::Failed : model::StepState::Skipped;
    if (open) {
        step.finishedAt = now;
        step.errorCode = operation.errorCode;
        step.errorMessage = operation.errorMessage;
        step.errorHint = operation.errorHint;
        tx.afterCommit([&meters = context.meters, step, outcome = model::toText(state)] {
            meters.stepEnded(step, outcome);
        });
    }
    db::OperationRepository{}.updateStep(tx, step);
}

namespace {

/// Stores the end of the operation and of its open steps, and releases the node's lease.
void closeOperation(db::Transaction& tx, const Context& context, Operation& operation,
                    model::OperationState state, const std::optional<db::LeaseEpoch>& epoch)
{
    const model::UtcTime now = context.clock.now();
    operation.state = state;
    operation.finishedAt = now;
    const db::OperationRepository operations;
    operations.update(tx, operation);
    auditEnd(tx, operation, now);
    failCapturedImage(tx, context, operation);
    tx.afterCommit([&meters = context.meters, operation] { meters.operationEnded(operation); });
    for (model::Step& step : operations.steps(tx, operation.id))
        if (step.state != model::StepState::Done && step.state != model::StepState::Failed)
            closeStep(tx, context, operation, state, now, step);
    if (epoch)
        db::LeaseRepository{}.release(tx, *epoch);
}

std::optional<OperationKind> takeNext(Operation& operation)
{
    nlohmann::json then = wire::valueOf(operation.then);
    if (!then.is_array() || then.empty())
        return std::nullopt;
    const std::optional<OperationKind> kind = model::operationKindFromText(then.front().get<std::string>());
    then.erase(then.begin());
    operation.then = wire::canonical(then);
    return kind;
}

/// Stores @p operation, new and queued, with its steps. @return the number of steps
std::size_t insertOperation(db::Transaction& tx, const Context& context, const Node& node,
                            Operation& operation)
{
    operation.id = model::OperationId::make();
    operation.node = node.id;
    operation.createdAt = context.clock.now();
    operation.runAt = operation.createdAt;
    const bool clean = node.automatedClean.value_or(context.settings.automatedClean);
    const std::vector<model::Step> steps = makeSteps(operation, wire::operationRequestOf(operation), clean);
    db::OperationRepository{}.insert(tx, operation, steps);
    recordEvent(tx, context.clock.now(), node.id, model::EventKind::OperationQueued,
                std::string(model::toText(operation.kind)), "{}", operation.id);
    tx.afterCommit(context.wake);
    return steps.size();
}

struct Following {
    Operation operation;
    std::size_t steps = 0;
};

/// Begins the operation that follows @p ended on @p node, if one does.
std::optional<Following> beginFollowing(db::Transaction& tx, const Context& context, Node& node,
                                        Operation ended)
{
    std::optional<OperationKind> kind = takeNext(ended);
    if (!kind)
        kind = model::rowOf(ended.kind).then;
    if (!kind)
        return std::nullopt;
    const std::optional<StateEvent> event = model::beginningEvent(*kind, node.state);
    if (!event)
        return std::nullopt;
    applyEvent(node, *event, context.clock.now());
    Following following;
    following.operation.kind = *kind;
    following.operation.request = ended.request;
    following.operation.then = ended.then;
    following.operation.actor = ended.actor;
    following.operation.rollout = ended.rollout;
    following.steps = insertOperation(tx, context, node, following.operation);
    return following;
}

void markQueued(Node& node, OperationKind kind)
{
    showStep(node, kind, model::JsonText{R"({"step":"queued"})"});
}

/// A power operation leaves the state.
bool movesState(const Operation& operation)
{
    return model::rowOf(operation.kind).begins.has_value();
}

} // namespace

void showStep(Node& node, OperationKind kind, const model::JsonText& step)
{
    switch (model::rowOf(kind).shown) {
    case model::ShownStep::Nowhere:
        return;
    case model::ShownStep::Deploy:
        node.deployStep = step;
        return;
    case model::ShownStep::Clean:
        node.cleanStep = step;
        return;
    case model::ShownStep::Service:
        node.serviceStep = step;
        return;
    }
    __builtin_unreachable();
}

void applyEvent(Node& node, StateEvent event, model::UtcTime now, bool own)
{
    const std::optional<State> to =
        own ? model::nextWithOwn(node.state, event) : model::next(node.state, event);
    if (!to)
        throw Error(ErrorCode::InvalidTransition,
                    "The requested action \"" + std::string(model::toText(event)) +
                        "\" can not be performed on node \"" + node.id.uuid + "\" while it is in state \"" +
                        std::string(model::toText(node.state)) + "\".",
                    "docs/states.dot shows the verbs of each state; bm provision runs the needed ones");
    const bool manual = node.state == State::Manageable
                            ? event == StateEvent::Clean
                            : model::isCleaning(node.state) && node.target == State::Manageable;
    node.state = *to;
    node.target = manual && model::isCleaning(*to) ? State::Manageable : model::targetOf(*to);
    node.provisionUpdatedAt = now;
}

model::OperationId beginOperation(db::Transaction& tx, const Context& context, Node node,
                                  std::optional<StateEvent> event, const NewOperation& wanted)
{
    if (const std::optional<Operation> current = db::OperationRepository{}.current(tx, node.id))
        throw lockedError(node, *current, context.settings.conductorName);
    const State before = node.state;
    if (event)
        applyEvent(node, *event, context.clock.now());
    if (const auto* power = wire::orderIn<wire::PowerOrder>(wanted.request))
        expectPower(node, model::powerTargetFromText(power->target).value_or(model::PowerTarget::On));
    else
        forgetError(node);
    markQueued(node, wanted.kind);
    Operation operation;
    operation.kind = wanted.kind;
    operation.request = wire::toJson(wanted.request);
    refuseOversize<Operation>(operation, nullptr);
    operation.then = wire::canonical(nlohmann::json(wanted.then));
    operation.actor = wanted.actor;
    operation.rollout = wanted.rollout;
    if (wanted.kind == OperationKind::Inspect) {
        node.inspectionStartedAt = context.clock.now();
        node.inspectionFinishedAt.reset();
    }
    insertOperation(tx, context, node, operation);
    recordStateChange(tx, context, node, before, operation);
    db::NodeRepository{}.update(tx, node);
    return operation.id;
}

void moveNode(db::Transaction& tx, const Context& context, Node node, StateEvent event)
{
    const State before = node.state;
    applyEvent(node, event, context.clock.now());
    recordStateChange(tx, context, node, before, {});
    db::NodeRepository{}.update(tx, node);
}

void completeOperation(db::Transaction& tx, const Context& context, Operation operation, Node node,
                       const std::optional<db::LeaseEpoch>& epoch)
{
    const State before = node.state;
    clearSteps(node);
    if (model::next(node.state, StateEvent::Resume) && model::isWait(node.state))
        applyEvent(node, StateEvent::Resume, context.clock.now());
    const bool manual = model::isCleaning(node.state) && node.target == State::Manageable;
    if (model::rowOf(operation.kind).endsState)
        applyEvent(node, manual ? StateEvent::Manage : StateEvent::Done, context.clock.now());
    recordStateChange(tx, context, node, before, operation);
    recordEvent(tx, context.clock.now(), node.id, model::EventKind::OperationDone,
                std::string(model::toText(operation.kind)), "{}", operation.id);
    closeOperation(tx, context, operation, model::OperationState::Done, {});
    const State between = node.state;
    std::optional<Following> following = beginFollowing(tx, context, node, operation);
    if (following) {
        recordStateChange(tx, context, node, between, operation);
        markQueued(node, following->operation.kind);
    }
    if (following && following->steps == 0) {
        following->operation.startedAt = context.clock.now();
        recordEvent(tx, context.clock.now(), node.id, model::EventKind::OperationStarted,
                    std::string(model::toText(following->operation.kind)), "{}", following->operation.id);
        return completeOperation(tx, context, std::move(following->operation), std::move(node), epoch);
    }
    db::NodeRepository{}.update(tx, node, epoch);
    if (epoch)
        db::LeaseRepository{}.release(tx, *epoch);
}

void failOperation(db::Transaction& tx, const Context& context, Operation operation, const Error& error,
                   const std::optional<db::LeaseEpoch>& epoch)
{
    Node node = nodeOf(tx, operation);
    const State before = node.state;
    clearSteps(node);
    if (movesState(operation) && model::next(node.state, StateEvent::Fail))
        applyEvent(node, StateEvent::Fail, context.clock.now());
    node.lastError = error.what();
    node.lastErrorCode = model::toText(error.code());
    node.lastErrorHint = error.hint();
    if (error.code() == ErrorCode::Quarantined) {
        node.maintenance = true;
        node.maintenanceReason = error.what();
        node.fault = model::kQuarantined;
    }
    operation.errorCode = node.lastErrorCode;
    operation.errorMessage = node.lastError;
    operation.errorHint = node.lastErrorHint;
    recordStateChange(tx, context, node, before, operation);
    const nlohmann::json details = {{"code", node.lastErrorCode}, {"hint", node.lastErrorHint}};
    recordEvent(tx, context.clock.now(), node.id, model::EventKind::OperationFailed,
                std::string(model::toText(operation.kind)) + ": " + node.lastError,
                details.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), operation.id);
    db::NodeRepository{}.update(tx, node, epoch);
    closeOperation(tx, context, operation, model::OperationState::Failed, epoch);
}

void abortOperation(db::Transaction& tx, const Context& context, Operation operation,
                    const std::optional<db::LeaseEpoch>& epoch)
{
    Node node = nodeOf(tx, operation);
    const State before = node.state;
    clearSteps(node);
    if (movesState(operation))
        applyEvent(node, StateEvent::Abort, context.clock.now(), true);
    node.lastError = std::string(model::toText(operation.kind)) + " was aborted by " + operation.actor;
    node.lastErrorCode = model::toText(ErrorCode::Aborted);
    operation.errorCode = node.lastErrorCode;
    operation.errorMessage = node.lastError;
    recordStateChange(tx, context, node, before, operation);
    recordEvent(tx, context.clock.now(), node.id, model::EventKind::OperationAborted, node.lastError, "{}",
                operation.id);
    db::NodeRepository{}.update(tx, node, epoch);
    closeOperation(tx, context, operation, model::OperationState::Aborted, epoch);
}

} // namespace bm::conductor
