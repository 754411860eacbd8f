#include "conductor/operations/operations.h"

#include "common/model/operation_kinds.h"
#include "common/model/step_kinds.h"
#include "conductor/core/due_operations.h"
#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"
#include "conductor/operations/deploy_request.h"
#include "conductor/operations/lifecycle.h"
#include "conductor/operations/verb_request.h"
#include "conductor/steps/step_support.h"

#include <thread>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using model::OperationKind;
using model::State;
using model::StateEvent;

namespace {

/// The path from a state to active: a move without an operation, then the kinds of operation.
struct DeployPath {
    std::optional<StateEvent> move;
    std::vector<OperationKind> kinds;
};

DeployPath pathToActive(const Node& node)
{
    switch (model::deployStart(node.state)) {
    case model::DeployStart::Verify:
        return {{}, {OperationKind::Verify, OperationKind::Clean, OperationKind::Deploy}};
    case model::DeployStart::Manage:
        return {StateEvent::Manage, {OperationKind::Clean, OperationKind::Deploy}};
    case model::DeployStart::Clean:
        return {{}, {OperationKind::Clean, OperationKind::Deploy}};
    case model::DeployStart::Deploy:
        return {{}, {OperationKind::Deploy}};
    case model::DeployStart::None:
        break;
    }
    throw Error(ErrorCode::InvalidTransition,
                "node " + node.id.uuid + " is in state \"" + std::string(model::toText(node.state)) +
                    "\", from which no deployment starts",
                "wait for it to end or abort it: bm abort " + (node.name.empty() ? node.id.uuid : node.name));
}

/// The targets of PUT states/provision; the first name of an event is the one that bm shows.
struct Verb {
    std::string_view target;
    StateEvent event;
};
constexpr auto kVerbs = std::to_array<Verb>({
    {"active", StateEvent::Deploy},
    {"deploy", StateEvent::Deploy},
    {"deleted", StateEvent::Delete},
    {"undeploy", StateEvent::Delete},
    {"manage", StateEvent::Manage},
    {"provide", StateEvent::Provide},
    {"rebuild", StateEvent::Rebuild},
    {"abort", StateEvent::Abort},
    {"inspect", StateEvent::Inspect},
    {"clean", StateEvent::Clean},
    {"adopt", StateEvent::Adopt},
    {"rescue", StateEvent::Rescue},
    {"unrescue", StateEvent::Unrescue},
    {"unhold", StateEvent::Unhold},
    {"service", StateEvent::Service},
});

} // namespace

std::optional<StateEvent> verbFromTarget(std::string_view target)
{
    for (const Verb& row : kVerbs)
        if (row.target == target)
            return row.event;
    return std::nullopt;
}

std::string verbsOf(model::State state)
{
    std::string names;
    std::optional<StateEvent> last;
    for (const Verb& verb : kVerbs) {
        if (last != verb.event && model::next(state, verb.event))
            names += (names.empty() ? "" : ", ") + std::string(verb.target);
        last = verb.event; // its further names follow
    }
    return names;
}

Operations::Operations(Context context) : context_(std::move(context)) {}

struct Operations::Seat {
    std::counting_semaphore<kMostWaiting>& seats;
    ~Seat() { seats.release(); }
};

/// Runs @p unit as Database::write does. A machine that restarts shows the power state that a client may wait
/// for, so the client's next request comes while the restart is at work.
template <class Unit> auto Operations::whenPowerEnds(const std::string& ident, Unit&& unit)
{
    constexpr std::chrono::seconds kPatience{1};
    const auto until = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        try {
            return context_.database.write(unit);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::NodeLocked || !waitForPower(ident, until))
                throw;
        }
    }
}

/// @return true if no operation is at work on the node any more; false at @p until, or when the operation is
/// of another kind
bool Operations::waitForPower(const std::string& ident, std::chrono::steady_clock::time_point until)
{
    constexpr std::chrono::milliseconds kPoll{10};
    if (!seats_.try_acquire())
        return false;
    const Seat seat{seats_};
    std::optional<model::Operation> current;
    do {
        current = context_.database.read([&](db::Transaction& tx) {
            return db::OperationRepository{}.current(tx, findNode(tx, ident).id);
        });
        if (current && current->kind == OperationKind::Power)
            std::this_thread::sleep_for(kPoll);
    } while (current && current->kind == OperationKind::Power && std::chrono::steady_clock::now() < until);
    return !current && std::chrono::steady_clock::now() < until;
}

namespace {

/// @throws Error InvalidTransition in Ironic's words
void refuseTransition(Node node, StateEvent event)
{
    applyEvent(node, event, model::UtcTime{});
}

/// The deployment that @p order describes, on behalf of its user.
DeployRequest deployOf(const VerbOrder& order)
{
    DeployRequest request = order.deploy;
    request.project = order.project;
    return request;
}

model::OperationId beginDeploy(db::Transaction& tx, const Context& context, const Node& node,
                               StateEvent event, const DeployRequest& request, const std::string& actor)
{
    if (!model::next(node.state, event))
        refuseTransition(node, event);
    NewOperation wanted;
    wanted.kind = OperationKind::Deploy;
    wanted.actor = actor;
    wanted.request = prepareDeploy(tx, context, node, request);
    return beginOperation(tx, context, findNode(tx, node.id.uuid), event, wanted);
}

/// Ironic's abort works in wait and hold states only.
model::OperationId abortByVerb(db::Transaction& tx, const Context& context, Node node,
                               const std::string& actor)
{
    if (!model::next(node.state, StateEvent::Abort))
        applyEvent(node, StateEvent::Abort, context.clock.now());
    std::optional<model::Operation> current = db::OperationRepository{}.current(tx, node.id);
    if (!current) {
        moveNode(tx, context, node, StateEvent::Abort);
        return {};
    }
    requestAbort(tx, context, *current, actor);
    return current->id;
}

/// Continues a held step.
model::OperationId unhold(db::Transaction& tx, const Context& context, Node node)
{
    std::optional<model::Operation> current = db::OperationRepository{}.current(tx, node.id);
    const State before = node.state;
    applyEvent(node, StateEvent::Unhold, context.clock.now());
    if (!current)
        throw Error(ErrorCode::Conflict,
                    "node " + node.id.uuid + " is in state \"" + std::string(model::toText(before)) +
                        "\" without an operation",
                    "abort it: bm abort " + node.id.uuid);
    db::NodeRepository{}.update(tx, node);
    const db::OperationRepository operations;
    for (model::Step step : operations.steps(tx, current->id))
        if (step.state == model::StepState::Waiting && step.name == model::stepKind("hold").name) {
            step.result = model::JsonText{R"({"unheld":true})"};
            operations.updateStep(tx, step);
        }
    makeDueNow(tx, context, current->id);
    recordEvent(tx, context.clock.now(), node.id, model::EventKind::StateChanged,
                std::string(model::toText(before)) + " -> " + std::string(model::toText(node.state)), "{}",
                current->id);
    return current->id;
}

model::OperationId runVerb(db::Transaction& tx, const Context& context, const Node& node, StateEvent verb,
                           const VerbOrder& order, const std::string& actor)
{
    if (verb == StateEvent::Abort)
        return abortByVerb(tx, context, node, actor);
    if (verb == StateEvent::Unhold)
        return unhold(tx, context, node);
    refuseBusy(tx, context, node);
    refuseMaintenance(node);
    if (model::holdsInstance(node.state) && (verb == StateEvent::Delete || verb == StateEvent::Rebuild))
        refuseProtected(node);
    if (verb == StateEvent::Deploy || verb == StateEvent::Rebuild)
        return beginDeploy(tx, context, node, verb, deployOf(order), actor);
    const std::optional<OperationKind> kind = model::operationBegunBy(verb);
    const bool moves = verb == StateEvent::Manage && node.state != State::Enroll;
    if (moves || !kind) {
        moveNode(tx, context, node, verb);
        return {};
    }
    if (!model::next(node.state, verb))
        refuseTransition(node, verb);
    NewOperation wanted;
    wanted.kind = *kind;
    wanted.request = requestOf(tx, context, node, verb, order);
    wanted.actor = actor;
    return beginOperation(tx, context, findNode(tx, node.id.uuid), verb, wanted);
}

} // namespace

model::OperationId Operations::verb(const std::string& ident, StateEvent verb, const VerbOrder& order,
                                    const std::string& actor)
{
    return whenPowerEnds(ident, [&](db::Transaction& tx) {
        return runVerb(tx, context_, findNode(tx, ident), verb, order, actor);
    });
}

model::OperationId Operations::provisionWithin(db::Transaction& tx, const Context& context,
                                               const std::string& ident, const DeployRequest& request,
                                               const std::string& actor, const model::RolloutId& rollout)
{
    Node node = findNode(tx, ident);
    refuseBusy(tx, context, node);
    refuseMaintenance(node);
    if (model::holdsInstance(node.state))
        refuseProtected(node);
    const DeployPath path = pathToActive(node);
    if (path.move) {
        moveNode(tx, context, node, *path.move);
        node = findNode(tx, node.id.uuid);
    }
    NewOperation wanted;
    wanted.kind = path.kinds.front();
    wanted.actor = actor;
    wanted.rollout = rollout;
    wanted.request = prepareDeploy(tx, context, node, request);
    for (std::size_t i = 1; i < path.kinds.size(); ++i)
        wanted.then.emplace_back(model::toText(path.kinds[i]));
    return beginOperation(tx, context, findNode(tx, node.id.uuid),
                          model::beginningEvent(wanted.kind, node.state), wanted);
}

model::OperationId Operations::provision(const std::string& ident, const DeployRequest& request,
                                         const std::string& actor)
{
    return whenPowerEnds(
        ident, [&](db::Transaction& tx) { return provisionWithin(tx, context_, ident, request, actor, {}); });
}

std::optional<model::OperationId> Operations::provide(const std::string& ident, const std::string& actor)
{
    return whenPowerEnds(ident, [&](db::Transaction& tx) -> std::optional<model::OperationId> {
        Node node = findNode(tx, ident);
        refuseBusy(tx, context_, node);
        if (node.state == State::Available)
            return std::nullopt;
        refuseMaintenance(node);
        DeployPath path = pathToActive(node);
        if (path.kinds.front() == OperationKind::Deploy)
            throw Error(ErrorCode::InvalidTransition,
                        "node " + node.id.uuid + " is \"" + std::string(model::toText(node.state)) +
                            "\"; only a node without an instance becomes available by provide",
                        "undeploy it first: bm undeploy NODE");
        if (path.move) {
            moveNode(tx, context_, node, *path.move);
            node = findNode(tx, ident);
        }
        NewOperation wanted;
        wanted.kind = path.kinds.front();
        wanted.actor = actor;
        if (wanted.kind == OperationKind::Verify)
            wanted.then.emplace_back(model::toText(OperationKind::Clean));
        return beginOperation(tx, context_, node, model::beginningEvent(wanted.kind, node.state), wanted);
    });
}

model::OperationId Operations::power(const std::string& ident, model::PowerTarget target,
                                     std::optional<std::chrono::milliseconds> timeout,
                                     const std::string& actor)
{
    return whenPowerEnds(ident, [&](db::Transaction& tx) {
        const Node node = findNode(tx, ident);
        if (target == model::PowerTarget::Off || target == model::PowerTarget::SoftOff)
            refusePowerOff(node);
        wire::PowerOrder order{.target = std::string(model::toText(target))};
        if (timeout)
            order.timeoutMs = static_cast<std::uint64_t>(timeout->count());
        const NewOperation wanted{.kind = OperationKind::Power, .request = order, .then = {}, .actor = actor};
        return beginOperation(tx, context_, node, {}, wanted);
    });
}

bool Operations::abortWithin(db::Transaction& tx, const Context& context, const model::NodeId& node,
                             const std::string& actor)
{
    const std::optional<model::Operation> current = db::OperationRepository{}.current(tx, node);
    if (current)
        requestAbort(tx, context, *current, actor);
    return current.has_value();
}

void Operations::abort(const std::string& ident, const std::string& actor)
{
    context_.database.write([&](db::Transaction& tx) {
        if (!abortWithin(tx, context_, findNode(tx, ident).id, actor))
            throw Error(ErrorCode::Conflict, "no operation is at work on node " + ident,
                        "bm node timeline " + ident + " shows the last operation");
    });
}

void Operations::allowReboot(const std::string& ident, const std::string& actor)
{
    context_.database.write([&](db::Transaction& tx) {
        const Node node = findNode(tx, ident);
        const db::OperationRepository operations;
        if (const std::optional<model::Operation> operation = operations.current(tx, node.id))
            for (model::Step step : operations.steps(tx, operation->id))
                if (awaitsReboot(step)) {
                    step.result = model::JsonText{kRebootOk};
                    operations.updateStep(tx, step);
                    makeDueNow(tx, context_, operation->id);
                    return recordEvent(tx, context_.clock.now(), node.id, model::EventKind::BootRebootOk,
                                       "by " + actor, "{}", operation->id);
                }
        throw Error(ErrorCode::Conflict, "node " + node.id.uuid + " does not wait for a restart by hand",
                    "bm node timeline " + (node.name.empty() ? node.id.uuid : node.name) +
                        " shows what its operation does");
    });
}

} // namespace bm::conductor
