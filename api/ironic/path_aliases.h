#pragma once
#include "api/core/api_parts.h"
#include "common/http/router.h"

namespace bm::api {

/// Ironic's other addresses of its resources: without "/v1", a node's sub-resources with the node behind
/// (/v1/nodes/states/console/{node}, /v1/nodes/states?node_ident=), the nodes of a chassis, and each of them
/// with ".json" behind it below version 1.91. A record whose name ends with ".json" keeps its address.
/// @param parts must outlive @p router
void addPathAliases(http::Router& router, const ApiParts& parts);

} // namespace bm::api
