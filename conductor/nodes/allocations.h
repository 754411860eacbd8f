#pragma once
#include "common/model/error.h"
#include "common/model/resources/allocation.h"
#include "conductor/core/context.h"

#include <vector>

namespace bm::conductor {

/// Prepares a new allocation, as part of the caller's transaction. Without `node` its state is "allocating",
/// and the allocator decides after the commit. With `node` (backfill) it gets that node at once, if the node
/// is active.
/// @throws Error InvalidInput, Conflict (the node does not suit, in Ironic's words)
void beginAllocation(db::Transaction& tx, const Context& context, model::Allocation& allocation);
/// The allocations in the state "allocating", the oldest first.
std::vector<model::AllocationId> undecidedAllocations(db::Transaction& tx);
/// Finds a node for an allocation in the state "allocating" and reserves it: available, of its resource
/// class, with its traits, among its candidates, of its owner, without instance, maintenance or retirement. A
/// power operation may be at work on it. The node with the allocation's name comes first, then the least
/// recently used one. Without a node the allocation gets the state "error" and the reason in Ironic's words.
/// Does nothing for an allocation that is decided or deleted.
void decideAllocation(db::Transaction& tx, const Context& context, const model::AllocationId& id);

/// The refusal for a node without an allocation, in Ironic's words.
model::Error noAllocation(const model::Node& node);
/// The allocation that holds @p node. @throws Error NotFound in Ironic's words
model::Allocation allocationOfNode(db::Transaction& tx, const model::Node& node);

} // namespace bm::conductor
