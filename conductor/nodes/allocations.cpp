#include "conductor/nodes/allocations.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "db/repositories/resources/allocation_repository.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <variant>

namespace bm::conductor {

using model::Allocation;
using model::Error;
using model::ErrorCode;
using model::Node;
using model::State;

namespace {

using Texts = std::vector<std::string>;

constexpr std::string_view kAllocating = "allocating";

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
    std::erase_if(nodes, [&](const Node& node) { return !mayHave(node, allocation) || !isFree(node); });
    std::ranges::stable_sort(
        nodes, {}, [](const Node& node) { return node.provisionUpdatedAt.value_or(node.createdAt); });
    return nodes;
}

std::string failureText(const Allocation& allocation, const std::string& why)
{
    return fmt::format("Failed to process allocation {}: {}.", allocation.id.uuid, why);
}

/// A node, or why there is none, in Ironic's words.
std::variant<Node, std::string> choose(db::Transaction& tx, const Allocation& allocation)
{
    const Texts candidates = wire::valueOf(allocation.candidateNodes).get<Texts>();
    const Texts traits = wire::valueOf(allocation.traits).get<Texts>();
    std::vector<Node> nodes = freeNodes(tx, allocation);
    if (!candidates.empty())
        std::erase_if(nodes, [&](const Node& node) {
            return std::ranges::find(candidates, node.id.uuid) == candidates.end();
        });
    if (nodes.empty())
        return (candidates.empty()
                    ? "no available nodes match the resource class "
                    : "none of the requested nodes are available and match the resource class ") +
               allocation.resourceClass;
    std::erase_if(nodes, [&](const Node& node) { return !holdsAll(node, traits); });
    if (nodes.empty())
        return fmt::format("no suitable nodes have the requested traits {}", fmt::join(traits, ", "));
    const auto named = std::ranges::find(nodes, allocation.name, &Node::name);
    return named != nodes.end() && !allocation.name.empty() ? *named : nodes.front();
}

/// Later than the creation: Ironic shows no updated_at before the first change.
model::UtcTime changedAt(const Context& context, const Allocation& allocation)
{
    return std::max(context.clock.now(), allocation.createdAt + std::chrono::milliseconds{1});
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
    allocation.updatedAt = changedAt(context, allocation);
}

/// Replaces the names of candidates by their uuids. @throws Error InvalidInput
void resolveCandidates(db::Transaction& tx, Allocation& allocation)
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
}

/// The reasons against a backfill of @p node, in Ironic's words.
Texts backfillRefusals(const Allocation& allocation, const Node& node)
{
    const Texts candidates = wire::valueOf(allocation.candidateNodes).get<Texts>();
    const Texts traits = wire::valueOf(allocation.traits).get<Texts>();
    Texts refusals;
    if (node.state != State::Active)
        refusals.push_back(
            fmt::format("Node must be in the \"active\" state, but the current state is \"{}\"",
                        model::toText(node.state)));
    if (!allocation.resourceClass.empty() && allocation.resourceClass != node.resourceClass)
        refusals.push_back(fmt::format("Resource class {} does not match the requested resource class {}",
                                       node.resourceClass, allocation.resourceClass));
    if (!holdsAll(node, traits))
        refusals.push_back(fmt::format("List of traits {} does not match the requested traits {}",
                                       node.traits.text, allocation.traits.text));
    if (!candidates.empty() && std::ranges::find(candidates, node.id.uuid) == candidates.end())
        refusals.push_back(fmt::format("Candidate nodes must be empty or contain the target node, but got {}",
                                       allocation.candidateNodes.text));
    return refusals;
}

void backfill(db::Transaction& tx, const Context& context, Allocation& allocation)
{
    const Node node = findNode(tx, allocation.node.uuid);
    if (const Texts refusals = backfillRefusals(allocation, node); !refusals.empty())
        throw Error(ErrorCode::Conflict,
                    failureText(allocation, fmt::format("Cannot backfill an allocation for node {}: {}",
                                                        node.id.uuid, fmt::join(refusals, "; "))));
    if (!node.allocationUuid.empty() ||
        (!node.instanceUuid.empty() && node.instanceUuid != allocation.id.uuid))
        throw Error(ErrorCode::Conflict,
                    "Node " + node.id.uuid + " is associated with instance " + node.instanceUuid + ".",
                    "give the allocation that uuid");
    take(tx, context, allocation, node);
}

} // namespace

void beginAllocation(db::Transaction& tx, const Context& context, Allocation& allocation)
{
    resolveCandidates(tx, allocation);
    if (!allocation.node.empty()) {
        backfill(tx, context, allocation);
        return;
    }
    if (allocation.resourceClass.empty())
        throw Error(ErrorCode::InvalidInput,
                    "Schema error for allocation: 'resource_class' is a required property");
    allocation.state = kAllocating;
    tx.afterCommit(context.decideAllocations);
}

std::vector<model::AllocationId> undecidedAllocations(db::Transaction& tx)
{
    std::vector<model::AllocationId> ids;
    for (const Allocation& allocation : db::allocationRepository().list(
             tx, {.where = "state = $1", .parameters = {std::string(kAllocating)}}))
        ids.push_back(allocation.id);
    return ids;
}

void decideAllocation(db::Transaction& tx, const Context& context, const model::AllocationId& id)
{
    std::optional<Allocation> allocation = db::allocationRepository().find(tx, id.uuid);
    if (!allocation || allocation->state != kAllocating)
        return;
    const std::variant<Node, std::string> choice = choose(tx, *allocation);
    const auto* const why = std::get_if<std::string>(&choice);
    if (why == nullptr) {
        take(tx, context, *allocation, std::get<Node>(choice));
    } else {
        allocation->state = "error";
        allocation->lastError = failureText(*allocation, *why);
        allocation->updatedAt = changedAt(context, *allocation);
    }
    db::allocationRepository().update(tx, *allocation);
    recordEvent(tx, context.clock.now(), allocation->node,
                why == nullptr ? model::EventKind::AllocationActive : model::EventKind::AllocationFailed,
                why == nullptr ? id.uuid : allocation->lastError);
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
