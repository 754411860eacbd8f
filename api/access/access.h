#pragma once
#include "api/access/policy.h"
#include "api/core/api_parts.h"
#include "common/http/router.h"
#include "common/model/node.h"
#include "common/model/resources/volume.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bm::api {

/// Refuses requests that the policy forbids to the actor. As in Ironic, users of a project get NotFound for
/// records of other projects.
http::Filter policyFilter(const ApiParts& parts);

/// The project that lists are restricted to; "" for users of the system, who see everything.
inline const std::string& projectOf(const http::Request& request)
{
    return request.grant.project;
}
/// The party on whose behalf @p request uses images.
inline conductor::ImageParty imagePartyOf(const http::Request& request)
{
    return {projectOf(request)};
}
/// True if the actor of @p request may see @p node.
bool maySee(const http::Request& request, const model::Node& node);
/// True if the actor gets no driver_info, last_error and the like, because it only leases the node.
bool isRedacted(const http::Request& request, const model::Node& node);
/// @throws Error NotFound, as for an unknown @p ident, when the actor may not see the node
void requireVisible(const http::Request& request, const model::Node& node, const std::string& ident);
/// True if the actor may see @p target's properties, which give access to the data.
bool maySeeProperties(const ApiParts& parts, const http::Request& request, const model::VolumeTarget& target);
/// Checks that the actor may execute the steps of a runbook. Everybody may use a public one. @throws Error
/// NotFound, Forbidden
void requireRunbook(const ApiParts& parts, const http::Request& request, const std::string& ident);
/// Finds a node that a query or a body names. @throws Error NotFound, also for a node that the actor may not
/// see
model::Node visibleNode(const ApiParts& parts, const http::Request& request, const std::string& ident);
/// Checks the request's rule against the node that its body names by @p ident. @throws Error NotFound,
/// Forbidden
void requireOn(const http::Request& request, const model::Node& node, const std::string& ident);

// A field has one rule (field_rules.h), whichever request sets it. Members that are null set nothing in a new
// record; a step of a PATCH always sets its field.

/// Checks the fields of a new record of @p collection ("/v1/nodes"). @throws Error Forbidden
void requireNew(const http::Request& request, std::string_view collection, const nlohmann::json& body);
/// Checks the members that a batch sets in a node that exists. @throws Error Forbidden, Conflict
void requireFields(const http::Request& request, const model::Node& node, const nlohmann::json& fields);
/// Checks each step of a JSON Patch of a node. @throws Error Forbidden, Conflict
void requirePatch(const http::Request& request, const model::Node& node, const nlohmann::json& patch);
/// Checks each step of a JSON Patch of a record that the actor's project owns. @throws Error Forbidden
void requirePatch(const http::Request& request, std::string_view collection, const nlohmann::json& patch);
/// The owner of a new record: for a user of a project, that project. @throws Error Forbidden for another
/// project
std::string ownerOfNew(const http::Request& request, const std::string& wanted);

} // namespace bm::api
