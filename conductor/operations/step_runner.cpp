#include "conductor/operations/step_runner.h"

#include "common/model/step_kinds.h"
#include "common/platform/log.h"
#include "common/wire/json/json_input.h"
#include "conductor/core/nodes.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/operations/another_boot.h"
#include "conductor/operations/lifecycle.h"
#include "conductor/operations/plan.h"
#include "conductor/operations/running_handlers.h"
#include "conductor/operations/service_return.h"
#include "conductor/steps/captures.h"
#include "conductor/steps/step_table.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using model::Operation;
using model::OperationState;
using model::StateEvent;
using model::Step;
using model::stepKind;
using model::StepState;

namespace {

constexpr std::chrono::milliseconds kCallDeadline{60'000};
constexpr int kCrashesToQuarantine = 3;

/// The node's view of the step at work, after Ironic.
model::JsonText shownStep(const Step& step)
{
    return wire::canonical({{"interface", step.interface},
                            {"step", model::shownStepName(step.name)},
                            {"priority", step.priority},
                            {"argsinfo", nullptr}});
}

bool isOpen(const Step& step)
{
    return step.state != StepState::Done && step.state != StepState::Skipped &&
           step.state != StepState::Failed;
}

void enterWait(Node& node, bool waiting, model::UtcTime now)
{
    const StateEvent event = waiting ? StateEvent::Wait : StateEvent::Resume;
    if (waiting != model::isWait(node.state) && model::next(node.state, event))
        applyEvent(node, event, now);
}

} // namespace

struct StepRunner::Loaded {
    Node node;
    Operation operation;
    wire::OperationRequest request;
    std::vector<Step> steps;
    std::optional<db::LeaseEpoch> epoch;
    bool wantsAnotherBoot = false;
};

StepRunner::StepRunner(const Context& context, std::string bootId, model::UtcTime engineStart,
                       RunningHandlers& handlers)
    : context_(context), bootId_(std::move(bootId)), engineStart_(engineStart), handlers_(handlers)
{}

std::optional<StepRunner::Loaded> StepRunner::load(const model::OperationId& id) const
{
    return context_.database.read([&](db::Transaction& tx) -> std::optional<Loaded> {
        const db::OperationRepository operations;
        std::optional<Operation> operation = operations.find(tx, id);
        if (!operation || operation->finishedAt)
            return std::nullopt;
        std::optional<Node> node = db::NodeRepository{}.find(tx, operation->node);
        if (!node)
            return std::nullopt;
        Loaded loaded{*node, *operation, wire::operationRequestOf(*operation), operations.steps(tx, id),
                      {},    false};
        if (const std::optional<db::Lease> lease = db::LeaseRepository{}.find(tx, node->id))
            loaded.epoch = db::LeaseEpoch{node->id, lease->epoch};
        loaded.wantsAnotherBoot = wantsAnotherBoot(tx, context_, node->id, engineStart_);
        return loaded;
    });
}

bool StepRunner::admit(const Loaded& loaded) const
{
    return context_.database.write([&](db::Transaction& tx) {
        std::optional<Operation> operation = db::OperationRepository{}.find(tx, loaded.operation.id);
        if (!operation || operation->state != OperationState::Queued || operation->abortRequested)
            return operation && !operation->finishedAt;
        const model::UtcTime now = context_.clock.now();
        const std::optional<db::Lease> lease =
            db::LeaseRepository{}.take(tx, operation->node, context_.settings.conductorName, bootId_,
                                       std::string(model::toText(operation->kind)), now);
        if (!lease)
            return false;
        operation->state = OperationState::Running;
        operation->startedAt = now;
        operation->runAt = now;
        recordEvent(tx, now, operation->node, model::EventKind::OperationStarted,
                    std::string(model::toText(operation->kind)), "{}", operation->id);
        return goOn(tx, *operation, findNode(tx, operation->node.uuid),
                    db::LeaseEpoch{operation->node, lease->epoch});
    });
}

/// Stores @p operation and @p node with the intent of the first open step, or with the operation's end.
/// @return true if a step is due
bool StepRunner::goOn(db::Transaction& tx, const Operation& operation, Node node,
                      const std::optional<db::LeaseEpoch>& epoch) const
{
    const db::OperationRepository operations;
    std::vector<Step> steps = operations.steps(tx, operation.id);
    const auto open = std::ranges::find_if(steps, isOpen);
    if (open == steps.end()) {
        if (operation.errorCode.empty())
            completeOperation(tx, context_, operation, std::move(node), epoch);
        else
            endReturn(tx, context_, operation, node, epoch);
        return false;
    }
    operations.update(tx, operation);
    if (open->state == StepState::Pending) {
        const model::UtcTime now = context_.clock.now();
        open->state = StepState::Running;
        open->attempts += 1;
        open->startedAt = now;
        operations.updateStep(tx, *open);
        showStep(node, operation.kind, shownStep(*open));
        recordEvent(tx, now, node.id, model::EventKind::StepStarted, open->name, "{}", operation.id);
    }
    db::NodeRepository{}.update(tx, node, epoch);
    return true;
}

/// For an operation whose next step has no intent: bm starts the machine again, or a step is repeated.
bool StepRunner::beginOpenStep(const Loaded& loaded) const
{
    return context_.database.write([&](db::Transaction& tx) {
        const std::optional<Operation> operation = db::OperationRepository{}.find(tx, loaded.operation.id);
        if (!operation || operation->finishedAt)
            return false;
        return operation->abortRequested ||
               goOn(tx, *operation, findNode(tx, operation->node.uuid), loaded.epoch);
    });
}

bool StepRunner::advance(const model::OperationId& id, const std::stop_token& stop) const
{
    std::optional<Loaded> loaded = load(id);
    if (!loaded)
        return false;
    const platform::LogScope scope(
        {{}, loaded->node.name.empty() ? loaded->node.id.uuid : loaded->node.name, id.uuid});
    if (loaded->operation.abortRequested)
        return abort(*loaded);
    if (loaded->operation.state == OperationState::Queued)
        return admit(*loaded);
    const auto open = std::ranges::find_if(loaded->steps, isOpen);
    if (open == loaded->steps.end())
        return beginOpenStep(*loaded);
    try {
        if (open->crashes >= kCrashesToQuarantine)
            throw Error(ErrorCode::Quarantined, "bmd crashed three times during step \"" + open->name + "\"",
                        "report it with bmd's log; then: bm node set " + loaded->node.name +
                            " --no-maintenance");
        if (bootAgain(*loaded))
            return true;
        if (open->state == StepState::Pending)
            return beginOpenStep(*loaded);
        return runStep(*loaded, *open, stop);
    } catch (const Error& error) {
        if (stop.stop_requested() && error.code() == ErrorCode::Aborted)
            return false; // bmd stops; the next start continues the stored step
        const Error seen = error.during(open->name);
        platform::logWarning("conductor", "node {}: {} failed: {}", loaded->node.name, open->name,
                             error.what());
        return fail(*loaded, seen);
    }
}

/// @throws Error RebootedTooOften
bool StepRunner::bootAgain(const Loaded& loaded) const
{
    if (!loaded.wantsAnotherBoot)
        return false;
    const std::variant<bool, Error> begun = context_.database.write([&](db::Transaction& tx) {
        return beginAnotherBoot(tx, context_, loaded.operation, loaded.epoch, engineStart_);
    });
    if (const Error* tooOften = std::get_if<Error>(&begun))
        throw Error(*tooOften);
    return std::get<bool>(begun);
}

bool StepRunner::abort(const Loaded& loaded) const
{
    if (mustReturn(loaded.operation, loaded.steps))
        return fail(loaded, Error(ErrorCode::Aborted, std::string(model::toText(loaded.operation.kind)) +
                                                          " was aborted by " + loaded.operation.actor));
    context_.database.write([&](db::Transaction& tx) {
        abortOperation(tx, context_, loaded.operation, loaded.epoch);
        dropCapture(tx, context_, loaded.operation);
    });
    return false;
}

/// @return true if the next step is due at once: it starts a machine that was shut down
bool StepRunner::fail(const Loaded& loaded, const Error& error) const
{
    const bool back = mustReturn(loaded.operation, loaded.steps);
    context_.database.write([&](db::Transaction& tx) {
        if (back)
            beginReturn(tx, context_, loaded.operation,
                        db::OperationRepository{}.steps(tx, loaded.operation.id), error);
        else
            failOperation(tx, context_, loaded.operation, error, loaded.epoch);
        dropCapture(tx, context_, loaded.operation);
        tx.afterCommit(context_.hostsChanged);
    });
    return back;
}

namespace {

struct Outcome {
    StepState state = StepState::Running;
    model::UtcTime runAt{};
    bool holds = false; ///< until an operator's unhold
};

Outcome outcomeOf(const model::StepResult& result, Step& step, model::UtcTime now)
{
    if (std::holds_alternative<model::Done>(result)) {
        step.finishedAt = now;
        step.deadline.reset();
        return {StepState::Done, now};
    }
    if (const model::Again* again = std::get_if<model::Again>(&result))
        return {StepState::Running, now + again->after};
    if (const model::AwaitAgent* await = std::get_if<model::AwaitAgent>(&result)) {
        step.deadline = await->deadline;
        return {StepState::Waiting, await->deadline};
    }
    return {StepState::Waiting, now + std::chrono::hours{24}, true};
}

/// If the agent reported while the handler ran, its report wins.
void mergeAgentReport(db::Transaction& tx, const model::NodeId& node, Step& step, Outcome& outcome,
                      model::UtcTime now)
{
    if (outcome.state != StepState::Waiting)
        return;
    const std::optional<Step> stored = db::OperationRepository{}.findStep(tx, step.id);
    if (!stored)
        return;
    const std::optional<db::AgentRecord> agent = db::AgentRepository{}.find(tx, node);
    if (step.name == stepKind("await_agent").name && agent && agent->lastContactAt &&
        agent->inventory.text != "{}")
        outcome.runAt = now;
    if (step.name == stepKind("await_ramdisk").name)
        if (const std::optional<RamdiskDeployment> deployment = ramdiskDeploymentOf(findNode(tx, node.uuid));
            deployment && deployment->kernel && deployment->initrd)
            outcome.runAt = now;
    step.bytesDone = std::max(step.bytesDone, stored->bytesDone);
    if (stored->result != step.result || stored->errorCode != step.errorCode) {
        step.result = stored->result;
        step.errorCode = stored->errorCode;
        step.errorMessage = stored->errorMessage;
        step.errorHint = stored->errorHint;
        outcome.runAt = now;
    }
}

/// The begin of the wait may have moved with the clock while the handler ran. @p began: as the handler found
/// it
void keepShift(db::Transaction& tx, Step& step, const std::optional<model::UtcTime>& began)
{
    if (step.startedAt != began) // the handler begins the wait again
        return;
    if (const std::optional<Step> stored = db::OperationRepository{}.findStep(tx, step.id))
        step.startedAt = stored->startedAt;
}

/// @return true if @p node may differ from the stored one
bool applyOutcome(Node& node, const StepWork& work, const Outcome& outcome, model::UtcTime now)
{
    const model::State before = node.state;
    for (const std::function<void(Node&)>& change : work.nodeChanges)
        change(node);
    if (outcome.holds && model::next(node.state, StateEvent::Hold))
        applyEvent(node, StateEvent::Hold, now);
    enterWait(node, outcome.state == StepState::Waiting, now);
    return outcome.state != StepState::Running || !work.nodeChanges.empty() || node.state != before;
}

void recordDone(db::Transaction& tx, const Context& context, const Operation& operation, const Step& step,
                model::UtcTime now)
{
    recordEvent(tx, now, operation.node, model::EventKind::StepDone, step.name, "{}", operation.id);
    tx.afterCommit([&meters = context.meters, step] { meters.stepEnded(step, "done"); });
}

} // namespace

bool StepRunner::runStep(Loaded& loaded, Step step, const std::stop_token& stop) const
{
    StepWork work{context_,
                  loaded.node,
                  loaded.operation,
                  loaded.request,
                  step,
                  engineStart_,
                  model::Deadline::in(kCallDeadline, stop)};
    const RunningHandlers::Mark inside(handlers_, step.id);
    const std::optional<model::UtcTime> began = step.startedAt;
    const model::StepResult result = handlerOf(step.name)(work);
    const model::UtcTime now = context_.clock.now();
    const Outcome handlers = outcomeOf(result, step, now);
    return context_.database.write([&](db::Transaction& tx) {
        Outcome outcome = handlers; // each try merges the report again
        Step ended = step;
        keepShift(tx, ended, began);
        mergeAgentReport(tx, loaded.node.id, ended, outcome, now);
        ended.state = outcome.state;
        ended.crashes = 0; // bmd has survived this run of the handler
        db::OperationRepository{}.updateStep(tx, ended);
        for (const model::NodeEvent& event : work.events)
            db::EventRepository{}.append(tx, event);
        for (const std::function<void(db::Transaction&)>& write : work.writes)
            write(tx);
        const bool done = ended.state == StepState::Done;
        if (done)
            recordDone(tx, context_, loaded.operation, ended, now);
        Node node = findNode(tx, loaded.node.id.uuid); // after the writes: they may change its power state
        const bool changed = applyOutcome(node, work, outcome, now);
        std::optional<Operation> operation = db::OperationRepository{}.find(tx, loaded.operation.id);
        if (operation)
            operation->runAt = operation->abortRequested ? now : outcome.runAt;
        if (done && operation && !operation->abortRequested)
            return goOn(tx, *operation, std::move(node), loaded.epoch);
        if (changed)
            db::NodeRepository{}.update(tx, node, loaded.epoch);
        if (operation)
            db::OperationRepository{}.update(tx, *operation);
        return done;
    });
}

} // namespace bm::conductor
