#pragma once
#include "api/core/api_parts.h"
#include "common/http/request.h"
#include "common/model/resources/port.h"

#include <string>

namespace bm::api {

/// The node's name or uuid in the route. Drops a suffix ".json" unless a node has that name.
/// @throws Error InvalidInput: no node can have that name
std::string identOf(const ApiParts& parts, const http::Request& request);
/// Finds a port by uuid. @throws Error NotFound, InvalidInput
model::Port findPort(db::Transaction& tx, const std::string& ident);

} // namespace bm::api
