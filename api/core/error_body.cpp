#include "api/core/error_body.h"

#include "api/core/browser_headers.h"
#include "common/http/paths.h"
#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/wire/json/idents.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/resources/versions.h"

#include <algorithm>
#include <array>

namespace bm::api {

using model::Error;
using model::ErrorCode;

namespace {

/// Sub-resources of nodes that take the node as an argument in Ironic.
constexpr auto kControllers =
    std::to_array<std::string_view>({"states", "maintenance", "management", "vendor_passthru"});

/// True if no node or portgroup can have the identifier of the route. Ironic looks for them while it routes.
bool hasMalformedIdent(const http::Request& request)
{
    const auto ident = request.pathParams.find("ident");
    if (ident == request.pathParams.end() || model::isUuid(ident->second) ||
        wire::isLogicalName(ident->second))
        return false;
    const http::PathSegments route = http::segmentsOf(request.route); // "v1", "nodes", "{ident}", ...
    return route.at(1) == "portgroups" ||
           (route.at(1) == "nodes" &&
            (route.size() == 3 || std::ranges::find(kControllers, route.at(3)) == kControllers.end()));
}

/// True if the routing layer refused the request. Ironic uses another body for these errors.
bool isRouting(const http::Request& request, const Error& error)
{
    if (request.route == "/v1")
        return false;
    return dynamic_cast<const wire::RoutingError*>(&error) != nullptr ||
           (error.code() == ErrorCode::MethodNotAllowed && request.route.empty()) ||
           (error.code() == ErrorCode::InvalidInput && hasMalformedIdent(request)) ||
           (error.code() == ErrorCode::NotFound && error.message() == "there is no " + request.path);
}

std::string_view titleOf(int status)
{
    return status == 400   ? "Bad Request"
           : status == 404 ? "Not Found"
           : status == 405 ? "Method Not Allowed"
           : status == 406 ? "Not Acceptable"
                           : "Error";
}

std::string innerText(const http::Request& request, const Error& error)
{
    wire::JsonWriter out;
    const int status = http::statusOf(error);
    out.beginObject();
    if (isRouting(request, error))
        out.key("code")
            .number(std::int64_t{status})
            .key("title")
            .string(titleOf(status))
            .key("description")
            .string(error.message());
    else
        out.key("faultcode")
            .string(status >= 500 ? "Server" : "Client")
            .key("faultstring")
            .string(error.message())
            .key("debuginfo")
            .null();
    return out.endObject().take();
}

void send(const http::Request& request, http::Response& response, const Error& error,
          const std::string& message)
{
    wire::JsonWriter out;
    out.beginObject().key("error_message").string(message);
    out.key("code").string(model::toText(error.code()));
    if (!error.hint().empty())
        out.key("hint").string(error.hint());
    out.key("request_id").string(request.requestId).endObject();
    const int status = http::statusOf(error);
    if (status == 503)
        response.header("Retry-After", "5");
    response.sendJson(status, out.text());
}

} // namespace

void renderIronicError(const http::Request& request, http::Response& response, const Error& error)
{
    addBrowserHeaders(request, response); // a refusal before the API's filters lacks them
    send(request, response, error, innerText(request, error));
}

void renderPlainError(const http::Request& request, http::Response& response, const Error& error)
{
    send(request, response, error, error.message());
}

} // namespace bm::api
