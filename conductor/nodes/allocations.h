#pragma once
#include "common/model/error.h"
#include "common/model/resources/allocation.h"
#include "conductor/core/context.h"

namespace bm::conductor {

/// Finds a node for @p allocation and reserves it: available, of its resource class, with its
/// traits, among its candidates, of its owner, on no operation, without instance, maintenance or retirement.
/// A candidate with the allocation's name comes first, then the least recently used one. Without a node the
/// allocation gets the state "error" and the reason. With `node` set (backfill) it reserves that node without
/// a change, if the node is active. Part of the caller's transaction. @throws Error InvalidInput, Conflict (a
/// backfilled node that has another)
void allocateNode(db::Transaction& tx, const Context& context, model::Allocation& allocation);

/// The refusal for a node without an allocation, in Ironic's words.
model::Error noAllocation(const model::Node& node);
/// The allocation that holds @p node. @throws Error NotFound in Ironic's words
model::Allocation allocationOfNode(db::Transaction& tx, const model::Node& node);

} // namespace bm::conductor
