#pragma once
#include "common/wire/operation_request.h"
#include "conductor/core/context.h"
#include "conductor/core/deploy_order.h"

#include <nlohmann/json_fwd.hpp>

namespace bm::conductor {

/// Checks @p order of @p verb (clean, service, rescue, inspect, adopt ...) for @p node and makes the
/// operation's request of it. Part of the caller's transaction.
/// @throws Error InvalidInput (steps that the node cannot do, no password, no interface for it), NotFound
/// (runbook), Forbidden (a runbook that is not for this node)
wire::OperationRequest requestOf(db::Transaction& tx, const Context& context, const model::Node& node,
                                 model::StateEvent verb, const VerbOrder& order);

/// deploy_steps of @p order with those of the deploy templates that the node's instance traits name, by
/// priority.
/// @throws Error InvalidInput
nlohmann::json deploySteps(db::Transaction& tx, const Context& context, const model::Node& node,
                           const DeployRequest& order);

} // namespace bm::conductor
