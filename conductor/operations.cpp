#include "conductor/operations.h"

#include "common/platform/secrets.h"
#include "conductor/deploy_request.h"
#include "conductor/json_values.h"
#include "conductor/lifecycle.h"
#include "conductor/node_refusals.h"
#include "conductor/nodes.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;
using model::OperationKind;
using model::State;
using model::StateEvent;

namespace {

/// The way from @p state to active: the kinds of operation, first to last; a move without one goes before.
struct Way {
    std::optional<StateEvent> move;
    std::vector<OperationKind> kinds;
};

Way wayToActive(const Node& node)
{
    switch (node.state) {
    case State::Enroll:
        return {{}, {OperationKind::Verify, OperationKind::Clean, OperationKind::Deploy}};
    case State::Manageable:
        return {{}, {OperationKind::Clean, OperationKind::Deploy}};
    case State::CleanFailed:
    case State::InspectFailed:
    case State::AdoptFailed:
        return {StateEvent::Manage, {OperationKind::Clean, OperationKind::Deploy}};
    case State::Available:
    case State::DeployFailed:
    case State::Active:
    case State::Error:
        return {{}, {OperationKind::Deploy}};
    default:
        throw Error(ErrorCode::InvalidTransition,
                    "node " + node.id.uuid + " is in state \"" + std::string(model::toText(node.state)) +
                        "\", from which no deployment starts",
                    "wait for it to end or abort it: bm abort " +
                        (node.name.empty() ? node.id.uuid : node.name));
    }
}

bool wipesInstance(State state)
{
    return state == State::Active || state == State::Error || state == State::Rescue;
}

} // namespace

std::optional<StateEvent> verbFromTarget(std::string_view target)
{
    struct Row {
        std::string_view target;
        StateEvent event;
    };
    static constexpr auto kRows = std::to_array<Row>({
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
    for (const Row& row : kRows)
        if (row.target == target)
            return row.event;
    return std::nullopt;
}

Operations::Operations(Context context) : context_(std::move(context)) {}

namespace {

model::OperationId beginDeploy(db::Transaction& tx, const Context& context, Node node, StateEvent event,
                               const DeployRequest& request, const std::string& actor)
{
    if (!model::next(node.state, event))
        applyEvent(node, event, context.clock.now()); // throws in Ironic's words
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
    current->abortRequested = true;
    current->actor = actor;
    current->runAt = context.clock.now();
    db::OperationRepository{}.update(tx, *current);
    return current->id;
}

model::OperationId runVerb(db::Transaction& tx, const Context& context, const Node& node, StateEvent verb,
                           const DeployRequest& request, const std::string& actor)
{
    if (verb == StateEvent::Abort)
        return abortByVerb(tx, context, node, actor);
    refuseBusy(tx, context, node);
    refuseMaintenance(node);
    if (wipesInstance(node.state))
        refuseProtected(node);
    const NewOperation plain{.kind = OperationKind::Verify, .request = {}, .then = {}, .actor = actor};
    NewOperation wanted = plain;
    switch (verb) {
    case StateEvent::Deploy:
    case StateEvent::Rebuild:
        return beginDeploy(tx, context, node, verb, request, actor);
    case StateEvent::Manage:
        if (node.state != State::Enroll) {
            moveNode(tx, context, node, verb);
            return {};
        }
        return beginOperation(tx, context, node, verb, wanted);
    case StateEvent::Provide:
        wanted.kind = OperationKind::Clean;
        return beginOperation(tx, context, node, verb, wanted);
    case StateEvent::Delete:
        wanted.kind = OperationKind::Undeploy;
        return beginOperation(tx, context, node, verb, wanted);
    default:
        throw Error(ErrorCode::InvalidInput,
                    "the verb \"" + std::string(model::toText(verb)) +
                        "\" is not available in this version of bm",
                    "manage, provide, deploy, rebuild, undeploy and abort are");
    }
}

} // namespace

model::OperationId Operations::verb(const std::string& ident, StateEvent verb, const DeployRequest& request,
                                    const std::string& actor)
{
    const model::OperationId id = context_.database.write([&](db::Transaction& tx) {
        return runVerb(tx, context_, findNode(tx, ident), verb, request, actor);
    });
    context_.wake();
    return id;
}

model::OperationId Operations::provisionWithin(db::Transaction& tx, const Context& context,
                                               const std::string& ident, const DeployRequest& request,
                                               const std::string& actor, const model::RolloutId& rollout)
{
    Node node = findNode(tx, ident);
    refuseBusy(tx, context, node);
    refuseMaintenance(node);
    if (wipesInstance(node.state))
        refuseProtected(node);
    const Way way = wayToActive(node);
    if (way.move) {
        moveNode(tx, context, node, *way.move);
        node = findNode(tx, node.id.uuid);
    }
    NewOperation wanted;
    wanted.kind = way.kinds.front();
    wanted.actor = actor;
    wanted.rollout = rollout;
    wanted.request = prepareDeploy(tx, context, node, request);
    for (std::size_t i = 1; i < way.kinds.size(); ++i)
        wanted.then.emplace_back(model::toText(way.kinds[i]));
    return beginOperation(tx, context, findNode(tx, node.id.uuid), beginningEvent(wanted.kind, node.state),
                          wanted);
}

model::OperationId Operations::provision(const std::string& ident, const DeployRequest& request,
                                         const std::string& actor)
{
    const model::OperationId id = context_.database.write(
        [&](db::Transaction& tx) { return provisionWithin(tx, context_, ident, request, actor, {}); });
    context_.wake();
    return id;
}

std::optional<model::OperationId> Operations::provide(const std::string& ident, const std::string& actor)
{
    const auto id = context_.database.write([&](db::Transaction& tx) -> std::optional<model::OperationId> {
        Node node = findNode(tx, ident);
        refuseBusy(tx, context_, node);
        if (node.state == State::Available)
            return std::nullopt;
        refuseMaintenance(node);
        Way way = wayToActive(node);
        if (way.kinds.front() == OperationKind::Deploy)
            throw Error(ErrorCode::InvalidTransition,
                        "node " + node.id.uuid + " is \"" + std::string(model::toText(node.state)) +
                            "\"; only a machine that runs nothing becomes available so",
                        "bm undeploy takes a running one down");
        if (way.move) {
            moveNode(tx, context_, node, *way.move);
            node = findNode(tx, ident);
        }
        NewOperation wanted;
        wanted.kind = way.kinds.front();
        wanted.actor = actor;
        if (wanted.kind == OperationKind::Verify)
            wanted.then.emplace_back(model::toText(OperationKind::Clean));
        return beginOperation(tx, context_, node, beginningEvent(wanted.kind, node.state), wanted);
    });
    context_.wake();
    return id;
}

model::OperationId Operations::power(const std::string& ident, model::PowerTarget target,
                                     std::optional<std::chrono::milliseconds> timeout,
                                     const std::string& actor)
{
    const model::OperationId id = context_.database.write([&](db::Transaction& tx) {
        const Node node = findNode(tx, ident);
        nlohmann::json request = {{"target", model::toText(target)}};
        if (timeout)
            request["timeout_ms"] = timeout->count();
        NewOperation wanted{
            .kind = OperationKind::Power, .request = textOf(request), .then = {}, .actor = actor};
        return beginOperation(tx, context_, node, {}, wanted);
    });
    context_.wake();
    return id;
}

bool Operations::abortWithin(db::Transaction& tx, const Context& context, const model::NodeId& node,
                             const std::string& actor)
{
    std::optional<model::Operation> current = db::OperationRepository{}.current(tx, node);
    if (!current)
        return false;
    current->abortRequested = true;
    current->actor = actor;
    current->runAt = context.clock.now();
    db::OperationRepository{}.update(tx, *current);
    return true;
}

void Operations::abort(const std::string& ident, const std::string& actor)
{
    context_.database.write([&](db::Transaction& tx) {
        if (!abortWithin(tx, context_, findNode(tx, ident).id, actor))
            throw Error(ErrorCode::Conflict, "nothing is at work on node " + ident,
                        "bm node timeline " + ident + " shows what was");
    });
    context_.wake();
}

} // namespace bm::conductor
