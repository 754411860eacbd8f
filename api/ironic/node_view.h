#pragma once
#include "api/core/api_parts.h"
#include "common/http/request.h"
#include "common/wire/resources/node_fields.h"

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

namespace bm::api {

/// driver_internal_info, where what is told about a machine beside its row is kept.
nlohmann::json internalOf(const model::Node& node);
/// Changes it in the stored node. @throws Error NotFound, NodeLocked, and what @p change throws
void changeInternal(const ApiParts& parts, const http::Request& request,
                    const std::function<void(nlohmann::json& internal)>& change);
/// Nodes that a conductor holds now.
std::set<std::string> reservedNodes(db::Transaction& tx);
/// @p node with @p fields, at the request's version.
std::string nodeText(const ApiParts& parts, const http::Request& request, const model::Node& node,
                     const wire::NodeFieldList& fields);

} // namespace bm::api
