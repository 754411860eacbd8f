#pragma once
#include "common/http/request.h"
#include "common/http/response.h"
#include "common/http/router.h"
#include "common/model/error.h"
#include "common/wire/resources/versions.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace bm::api {

/// Of routes that take a config drive in base64, or many nodes.
inline const http::BodyRule kLargeBody{.limitBytes = std::size_t{96} << 20U};
inline constexpr std::size_t kAgentBodyBytes = std::size_t{4} << 20U; ///< an inventory, a log tail

/// The microversion of the request. @throws RoutingError NotAcceptable
wire::Version versionOf(const http::Request& request);
/// Ironic's answers to a request for something that is newer than the request's version.
enum class TooOld : std::uint8_t {
    NotFound,         ///< 404 of the routing layer: sub-resources of nodes
    NoSuchResource,   ///< 404 of a handler: resources of their own
    NoSuchChange,     ///< 405 of a handler
    NotAcceptable,    ///< 406
    NotAllowed,       ///< 405
    ChangesNotAllowed ///< 404 to GET and HEAD, 405 to other methods
};
/// Refuses @p what ("deploy templates"), which exists since version 1.@p minor. @throws RoutingError, or
/// Error NotAcceptable, NotFound
void requireVersion(const http::Request& request, int minor, std::string_view what,
                    TooOld refusal = TooOld::NotFound);
/// Parses the body as JSON; no body is {}, as in Ironic. @throws Error InvalidInput with line and column
nlohmann::json jsonBody(http::Request& request);

/// Parses ?limit=: 1 to @p most; a missing or larger value yields @p most. @throws Error InvalidInput
std::size_t limitOf(const http::Request& request, std::size_t most = 1000);
/// Parses a whole number in the query. @throws Error InvalidInput
std::int64_t numberOf(const http::Request& request, std::string_view name, std::int64_t otherwise,
                      std::int64_t most);
bool flagFromText(std::string_view text, std::string_view name);
/// ?sort_key=; "id", the order of creation, without a value.
std::string sortKeyOf(const http::Request& request);
/// Ironic's refusal of ?sort_key=@p key. InvalidInput
model::Error notSortable(const std::string& key, const std::string& hint);
bool detailWanted(const http::Request& request); ///< the value of ?detail=. @throws Error InvalidInput
/// ?fields= as Ironic reads it: in lower case, without blanks and empty names; nothing without fields.
/// @throws Error InvalidInput: together with ?detail=true
std::optional<std::string> requestedFields(const http::Request& request);
/// Refuses query parameters other than @p known (blank-separated).
void refuseOtherQuery(const http::Request& request, std::string_view known);
/// The absolute link to the page after @p marker: the request's query with limit and marker.
std::string nextLink(const http::Request& request, std::size_t limit, const std::string& marker);
std::string bearerToken(const http::Request& request); ///< "" without a token

} // namespace bm::api
