#pragma once
#include "common/model/interfaces.h"
#include "common/model/node.h"

namespace bm::conductor {

/// Ironic's rules for the fields that a request changes from @p before to @p node (a new node: a blank one in
/// its state), in Ironic's words. The reason of a flag ends with the flag.
/// @throws Error Conflict: the node's state does not allow the change; InvalidInput: a reason without its
/// flag
void settleChange(const model::InterfaceTable& interfaces, const model::Node& before, model::Node& node);
/// The same for a new node.
void settleNew(const model::InterfaceTable& interfaces, model::Node& node);

} // namespace bm::conductor
