#pragma once
#include "api/core/api_parts.h"
#include "common/http/request.h"
#include "common/model/resources/port.h"

#include <string>

namespace bm::api {

/// The node's name or uuid of the route; a suffix ".json" is ignored unless a node is called so.
std::string identOf(const ApiParts& parts, const http::Request& request);
/// By uuid or MAC. @throws Error NotFound
model::Port findPort(db::Transaction& tx, const std::string& ident);

} // namespace bm::api
