#pragma once
#include "common/http/request.h"
#include "common/model/resources/port.h"
#include "db/engine/transaction.h"

#include <string>

namespace bm::api {

/// The node's name or uuid in the route. @throws Error InvalidInput: no node can have that name
std::string identOf(const http::Request& request);
/// Finds a port by uuid. @throws Error NotFound, InvalidInput
model::Port findPort(db::Transaction& tx, const std::string& ident);

} // namespace bm::api
