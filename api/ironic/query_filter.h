#pragma once
#include "common/http/router.h"

namespace bm::api {

/// Refuses what Ironic refuses in the queries of its routes, in Ironic's words: arguments that the route does
/// not take, repeated ones, and values of another type ("limit=x", "marker=x", "detail=x"). The routes of
/// nodes and of stored resources check the names of their arguments themselves; bm's own routes check all of
/// theirs.
http::Filter queryFilter();

} // namespace bm::api
