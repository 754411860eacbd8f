#include "conductor/resources/allocation_rules.h"

#include "conductor/nodes/allocations.h"
#include "conductor/resources/resource_checks.h"
#include "db/repositories/resources/allocation_repository.h"

#include <fmt/format.h>

namespace bm::conductor {

using model::Allocation;
using model::Error;
using model::ErrorCode;
using model::Node;
using model::State;

namespace {

void refuseAllocation(db::Transaction& tx, const Context&, const Allocation& allocation,
                      const Allocation* before)
{
    if (before == nullptr || before->name != allocation.name)
        requireName(allocation.name, "allocation");
    const std::optional<Allocation> other =
        allocation.name.empty() ? std::nullopt
                                : db::allocationRepository().findBy(tx, "name", allocation.name);
    if (other && other->id != allocation.id)
        throw Error(ErrorCode::Conflict, "An allocation with name " + allocation.name + " already exists.");
}

void releaseNode(db::Transaction& tx, const Context&, const Allocation& allocation)
{
    std::optional<Node> node;
    if (!allocation.node.empty())
        node = db::NodeRepository{}.find(tx, allocation.node);
    if (!node)
        return;
    const bool moving = node->target.has_value() && !model::isFailure(node->state);
    if (!node->maintenance && (moving || node->state == State::Active))
        throw Error(
            ErrorCode::Conflict,
            fmt::format("Cannot remove allocation {} for node {}, because the node is in state \"{}\"",
                        allocation.id.uuid, node->id.uuid, model::toText(node->state)),
            "undeploy it: its allocation goes with it");
    node->allocationUuid.clear();
    node->instanceUuid.clear();
    db::NodeRepository{}.update(tx, *node);
}

void completeAllocation(db::Transaction& tx, const Context& context, Allocation& allocation,
                        const std::string&)
{
    refuseAllocation(tx, context, allocation, nullptr);
    beginAllocation(tx, context, allocation);
}

} // namespace

const ResourceRules<Allocation>& allocationRules()
{
    static const ResourceRules<Allocation> rules{"Allocation",
                                                 "allocation",
                                                 {model::EventKind::AllocationCreated,
                                                  model::EventKind::AllocationChanged,
                                                  model::EventKind::AllocationDeleted},
                                                 db::allocationRepository,
                                                 "name",
                                                 nodeOf<Allocation>,
                                                 refuseAllocation,
                                                 releaseNode,
                                                 completeAllocation};
    return rules;
}

template class Resources<Allocation>;

} // namespace bm::conductor
