#pragma once
#include "api/core/api_parts.h"
#include "common/http/request.h"
#include "common/model/error.h"
#include "common/model/event.h"
#include "common/model/node.h"
#include "common/model/operation.h"
#include "common/model/resources/allocation.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::api {

// The views of records by role (docs/roles.md). Users of the system see everything.

/// Ironic's text in place of a failure that a lessee does not see.
inline constexpr const char* kHiddenText =
    "** Value Redacted - Requires baremetal:node:get:last_error permission. **";

/// An operation of @p node for the actor. A lessee sees its course: kind, state, steps, bytes, times and the
/// codes of failures; no messages, arguments and results, which name the BMC, and no other project's user.
void showOperation(const http::Request& request, const model::Node& node, model::Operation& operation,
                   std::vector<model::Step>& steps);
/// An event for the actor. A project's user does not read which other node served an image.
model::NodeEvent shownEvent(const http::Request& request, model::NodeEvent event);
/// An allocation for the actor, without the nodes that the actor may not see.
model::Allocation shownAllocation(const ApiParts& parts, const http::Request& request,
                                  model::Allocation allocation);
/// @p text about @p node for the actor: a lessee reads kHiddenText where @p text names the BMC.
std::string shownText(const ApiParts& parts, const http::Request& request, const model::Node& node,
                      const std::string& text);
/// A failure for the actor, where it differs: a conflict names the other node to those who may see it, and a
/// lessee reads no message of a BMC.
std::optional<model::Error> shownError(const ApiParts& parts, const http::Request& request,
                                       const model::Error& error);

} // namespace bm::api
