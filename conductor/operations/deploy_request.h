#pragma once
#include "conductor/operations/operations.h"

namespace bm::conductor {

/// Checks @p request against the catalogue and the node, stores the config drive (sealed), writes what will
/// be deployed to the node's instance_info, and gives the operation's request. Part of the caller's
/// transaction.
/// @throws Error NotFound (image), Conflict (image not ready), InvalidInput (root device hints, config drive,
/// no boot port)
model::JsonText prepareDeploy(db::Transaction& tx, const Context& context, const model::Node& node,
                              const DeployRequest& request);

/// What a deployment of the image that @p node's instance_info names would be refused for; "" for nothing.
std::string deployFinding(db::Transaction& tx, const model::Node& node);

/// @throws Error InvalidInput when @p node, a real machine, has no port to boot from
void requireBootPort(db::Transaction& tx, const Context& context, const model::Node& node);

} // namespace bm::conductor
