#pragma once
#include "common/wire/operation_request.h"
#include "conductor/core/context.h"
#include "conductor/core/deploy_order.h"

namespace bm::conductor {

/// Checks @p request against the catalogue and the node, stores the config drive (sealed), writes the
/// image to the node's instance_info, and returns the operation's request. Part of the caller's
/// transaction.
/// @throws Error NotFound (image), Conflict (image not ready), InvalidInput (root device hints, config drive,
/// no boot port)
wire::OperationRequest prepareDeploy(db::Transaction& tx, const Context& context, const model::Node& node,
                                     const DeployRequest& request);

} // namespace bm::conductor
