#include "conductor/nodes/allocations.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "db/repositories/resources/allocation_repository.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace bm::conductor {

using model::Allocation;
using model::Error;
using model::ErrorCode;
using model::Node;
using model::State;

namespace {

using Texts = std::vector<std::string>;

bool holdsAll(const Node& node, const Texts& traits)
{
    const Texts there = wire::valueOf(node.traits).get<Texts>();
    return std::ranges::all_of(
        traits, [&](const std::string& trait) { return std::ranges::find(there, trait) != there.end(); });
}

bool isFree(const Node& node)
{
    return node.instanceUuid.empty() && node.allocationUuid.empty() && !node.maintenance && !node.retired;
}

std::set<model::NodeId> busyNodes(db::Transaction& tx)
{
    std::set<model::NodeId> busy;
    for (const model::Operation& operation : db::OperationRepository{}.unfinished(tx))
        busy.insert(operation.node);
    return busy;
}

bool mayHave(const Node& node, const Allocation& allocation)
{
    return allocation.owner.empty() || node.owner == allocation.owner || node.lessee == allocation.owner;
}

/// Available nodes of the class, those that were used least recently first.
std::vector<Node> freeNodes(db::Transaction& tx, const Allocation& allocation)
{
    db::NodeFilter filter;
    filter.state = State::Available;
    filter.resourceClass = allocation.resourceClass;
    filter.limit = 1'000'000;
    std::vector<Node> nodes = db::NodeRepository{}.list(tx, filter);
    const std::set<model::NodeId> busy = busyNodes(tx);
    std::erase_if(nodes, [&](const Node& node) {
        return !mayHave(node, allocation) || !isFree(node) || busy.contains(node.id);
    });
    std::ranges::stable_sort(
        nodes, {}, [](const Node& node) { return node.provisionUpdatedAt.value_or(node.createdAt); });
    return nodes;
}

std::optional<Node> choose(std::vector<Node> nodes, const std::string& wantedName)
{
    if (nodes.empty())
        return std::nullopt;
    const auto named = std::ranges::find(nodes, wantedName, &Node::name);
    return named != nodes.end() && !wantedName.empty() ? *named : nodes.front();
}

void fail(Allocation& allocation, const std::string& why)
{
    allocation.state = "error";
    allocation.lastError = fmt::format("Failed to process allocation {}: {}.", allocation.id.uuid, why);
}

void take(db::Transaction& tx, const Context& context, Allocation& allocation, Node node)
{
    node.allocationUuid = allocation.id.uuid;
    node.instanceUuid = allocation.id.uuid;
    node.updatedAt = context.clock.now();
    if (allocation.traits.text != "[]") {
        nlohmann::json info = wire::valueOf(node.instanceInfo);
        info["traits"] = wire::valueOf(allocation.traits);
        node.instanceInfo = wire::canonical(info);
    }
    db::NodeRepository{}.update(tx, node);
    allocation.node = node.id;
    allocation.resourceClass = node.resourceClass;
    allocation.state = "active";
    allocation.updatedAt = context.clock.now() + std::chrono::milliseconds{1};
}

/// uuids of the candidates as given by uuid or name. @throws Error InvalidInput
Texts resolveCandidates(db::Transaction& tx, Allocation& allocation)
{
    Texts uuids;
    for (const std::string& ident : wire::valueOf(allocation.candidateNodes).get<Texts>()) {
        try {
            uuids.push_back(findNode(tx, ident).id.uuid);
        } catch (const Error&) {
            throw Error(ErrorCode::InvalidInput, "candidate_nodes: Node " + ident + " could not be found.");
        }
    }
    allocation.candidateNodes = wire::canonical(nlohmann::json(uuids));
    return uuids;
}

void backfill(db::Transaction& tx, const Context& context, Allocation& allocation)
{
    const Node node = findNode(tx, allocation.node.uuid);
    if (!allocation.resourceClass.empty() && allocation.resourceClass != node.resourceClass)
        throw Error(ErrorCode::InvalidInput, "Node " + node.id.uuid + " is of resource class \"" +
                                                 node.resourceClass + "\", not \"" +
                                                 allocation.resourceClass + "\"");
    if (node.state != State::Active)
        throw Error(ErrorCode::Conflict, "Cannot backfill an allocation for node " + node.id.uuid +
                                             ": it is in state \"" + std::string(model::toText(node.state)) +
                                             "\", not \"active\"");
    if (!node.allocationUuid.empty() ||
        (!node.instanceUuid.empty() && node.instanceUuid != allocation.id.uuid))
        throw Error(ErrorCode::Conflict,
                    "Node " + node.id.uuid + " is associated with instance " + node.instanceUuid + ".",
                    "give the allocation that uuid");
    take(tx, context, allocation, node);
}

} // namespace

void allocateNode(db::Transaction& tx, const Context& context, Allocation& allocation)
{
    if (!allocation.node.empty()) {
        backfill(tx, context, allocation);
        return;
    }
    if (allocation.resourceClass.empty())
        throw Error(ErrorCode::InvalidInput,
                    "Schema error for allocation: 'resource_class' is a required property");
    const Texts candidates = resolveCandidates(tx, allocation);
    const Texts traits = wire::valueOf(allocation.traits).get<Texts>();
    std::vector<Node> nodes = freeNodes(tx, allocation);
    if (nodes.empty())
        return fail(allocation, "no available nodes match the resource class " + allocation.resourceClass);
    if (!candidates.empty())
        std::erase_if(nodes, [&](const Node& node) {
            return std::ranges::find(candidates, node.id.uuid) == candidates.end();
        });
    if (nodes.empty())
        return fail(allocation, "none of the requested nodes are available and match the resource class " +
                                    allocation.resourceClass);
    std::erase_if(nodes, [&](const Node& node) { return !holdsAll(node, traits); });
    const std::optional<Node> chosen = choose(std::move(nodes), allocation.name);
    if (!chosen)
        return fail(allocation,
                    fmt::format("no suitable nodes have the requested traits {}", fmt::join(traits, ", ")));
    take(tx, context, allocation, *chosen);
}

Allocation allocationOfNode(db::Transaction& tx, const Node& node)
{
    std::optional<Allocation> allocation;
    if (!node.allocationUuid.empty())
        allocation = db::allocationRepository().find(tx, node.allocationUuid);
    if (!allocation)
        throw noAllocation(node);
    return *allocation;
}

Error noAllocation(const Node& node)
{
    return {ErrorCode::NotFound, "Node " + node.id.uuid + " does not have an allocation"};
}

} // namespace bm::conductor
