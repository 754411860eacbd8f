#pragma once
#include "conductor/nodes/resources.h"

namespace bm::conductor {

/// Finds the node that @p allocation asks for and takes it: available, of its resource class, with its
/// traits, among its candidates, of its owner, on no operation, without instance, maintenance or retirement.
/// A candidate of the allocation's own name goes first, else the one that has rested longest. Where there is
/// none the allocation is in state "error" and says why. With `node` set (backfill) that node is taken as it
/// is, if it is active. Part of the caller's transaction. @throws Error InvalidInput, Conflict (a backfilled
/// node that has another)
void allocateNode(db::Transaction& tx, const Context& context, model::Allocation& allocation);

/// The allocation that holds @p node. @throws Error NotFound in Ironic's words
model::Allocation allocationOfNode(db::Transaction& tx, const model::Node& node);

} // namespace bm::conductor
