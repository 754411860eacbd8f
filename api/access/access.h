#pragma once
#include "api/access/policy.h"
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "common/model/node.h"
#include "common/model/resources/volume.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bm::api {

/// Refuses what the policy does not let the request's actor do. A project's users are told of a record that
/// is not theirs that it is not there, as in Ironic.
http::Filter policyFilter(const ApiParts& parts);

/// "" for the system's users, who see everything; else what lists are narrowed to.
inline const std::string& projectOf(const http::Request& request)
{
    return request.grant.project;
}
/// Whether the request's actor may know of @p node.
bool maySee(const http::Request& request, const model::Node& node);
/// Whether driver_info, last_error and the like are kept from the actor: who only leases the node.
bool isRedacted(const http::Request& request, const model::Node& node);
/// @throws Error NotFound, as if there were no @p ident, when it is not the actor's
void requireVisible(const http::Request& request, const model::Node& node, const std::string& ident);
/// Whether the actor may see @p target's properties, which say how to come at the data.
bool maySeeProperties(const ApiParts& parts, const http::Request& request, const model::VolumeTarget& target);
/// A runbook whose steps are to be done: a public one is everybody's to use. @throws Error NotFound,
/// Forbidden
void requireRunbook(const ApiParts& parts, const http::Request& request, const std::string& ident);
/// A node named in a query or a body. @throws Error NotFound, also when it is not the actor's
model::Node visibleNode(const ApiParts& parts, const http::Request& request, const std::string& ident);
/// The request's own rule, for the node that its body names. @throws Error NotFound, Forbidden
void requireOn(const http::Request& request, const model::Node& node);
/// Each operation of a JSON Patch by the rule of its field. @throws Error Forbidden
void requirePatch(const http::Request& request, const model::Node& node, const nlohmann::json& patch);
/// Whose a new record is: a project's users make it their project's. @throws Error Forbidden: another's
std::string ownerOfNew(const http::Request& request, const std::string& wanted);

} // namespace bm::api
