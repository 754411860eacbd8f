#pragma once
#include "common/http/router.h"

namespace bm::api {

/// Ironic's other addresses of its resources: without "/v1", a node's sub-resources with the node behind
/// (/v1/nodes/states/console/{node}, /v1/nodes/states?node_ident=), and the nodes of a chassis.
void addPathAliases(http::Router& router);

} // namespace bm::api
