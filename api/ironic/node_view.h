#pragma once
#include "api/core/api_parts.h"
#include "common/http/request.h"
#include "common/wire/resources/node_fields.h"

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>

namespace bm::api {

/// The node's driver_internal_info, which holds data about the machine beyond the node's columns.
nlohmann::json internalOf(const model::Node& node);
/// Changes driver_internal_info in the stored node. @throws Error NotFound, NodeLocked, and the errors of @p
/// change
void changeInternal(const ApiParts& parts, const http::Request& request,
                    const std::function<void(nlohmann::json& internal)>& change);
/// The nodes with a lease.
std::set<std::string> reservedNodes(db::Transaction& tx);
/// True if the actor may not see the parent of @p node.
bool hidesParent(const ApiParts& parts, const http::Request& request, const model::Node& node);
/// Renders @p node with @p fields at the request's version.
std::string nodeText(const ApiParts& parts, const http::Request& request, const model::Node& node,
                     const wire::NodeFieldList& fields);

} // namespace bm::api
