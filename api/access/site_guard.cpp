#include "api/access/site_guard.h"

#include "api/access/policy.h"
#include "common/model/error.h"
#include "common/platform/ip_address.h"
#include "common/text/lower_case.h"
#include "common/text/printable.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::api {

using http::Method;
using http::Request;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kShown = 80; ///< characters of a header's value in a message

bool isSafe(Method method)
{
    return method == Method::Get || method == Method::Head || method == Method::Options;
}

std::string shown(const std::string& value)
{
    return text::printable(value.substr(0, kShown));
}

/// The host of "host:port" or "[v6]:port", in lower case and without the root's dot.
std::string hostOf(std::string_view authority)
{
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
    std::string host = model::lowerCase(
        authority.substr(0, bracket == std::string_view::npos ? authority.find(':') : bracket + 1));
    if (host.ends_with('.'))
        host.pop_back();
    return host;
}

/// "host:port" in lower case, without the default port of @p scheme.
std::string authorityOf(std::string_view authority, std::string_view scheme)
{
    std::string text = model::lowerCase(authority);
    const std::string_view port = scheme == "https" ? ":443" : ":80";
    if (text.ends_with(port))
        text.resize(text.size() - port.size());
    return text;
}

bool isNamed(const SiteRules& rules, const std::string& host)
{
    return std::find(rules.names.begin(), rules.names.end(), host) != rules.names.end();
}

/// True if @p origin ("https://bm.example:6385") is this server: the request's Host, or one of its names.
bool isOwnOrigin(const std::string& origin, const Request& request, const SiteRules& rules)
{
    constexpr std::string_view kMark = "://";
    const std::size_t mark = origin.find(kMark);
    if (mark == std::string::npos)
        return false; // "null"
    const std::string scheme = model::lowerCase(std::string_view(origin).substr(0, mark));
    const std::string_view authority = std::string_view(origin).substr(mark + kMark.size());
    if (scheme != "https" && scheme != "http")
        return false;
    return authorityOf(authority, scheme) == authorityOf(request.header("Host").value_or(""), scheme) ||
           isNamed(rules, hostOf(authority));
}

bool hasToken(const Request& request)
{
    constexpr std::string_view kBearer = "bearer ";
    const std::string authorization = request.header("Authorization").value_or("");
    return request.header("X-Auth-Token").has_value() ||
           model::lowerCase(std::string_view(authorization).substr(0, kBearer.size())) == kBearer;
}

void refuseOtherSites(const Request& request, const SiteRules& rules)
{
    if (hasToken(request))
        return;
    const std::optional<std::string> site = request.header("Sec-Fetch-Site");
    const std::optional<std::string> origin = request.header("Origin");
    if (site && *site != "same-origin" && *site != "none")
        throw Error(
            ErrorCode::Forbidden,
            fmt::format("a page of another site sent this request (Sec-Fetch-Site: {})", shown(*site)),
            "bmd takes changes from its own pages and from programs only");
    if (!site && origin && !isOwnOrigin(*origin, request, rules))
        throw Error(ErrorCode::Forbidden,
                    fmt::format("a page of another site sent this request (Origin: {})", shown(*origin)),
                    "behind a proxy, let it pass Host on, or list the name in api.names");
}

bool isJson(std::string_view type)
{
    return type == "application/json" || (type.starts_with("application/") && type.ends_with("+json"));
}

/// True if nobody logs in for the route: agents' requests, whose form is Ironic's.
bool isOpenRoute(const Request& request)
{
    const PolicyRow* row = policyOf(request.method, request.route);
    return row != nullptr && row->subject == Subject::Open;
}

void refuseOtherTypes(const Request& request)
{
    const bool hasBody = request.bodyBytes > 0 || request.bodyPending;
    if (!hasBody || request.route.empty() || isOpenRoute(request))
        return;
    const std::optional<std::string> given = request.header("Content-Type");
    const std::string type = model::lowerCase(
        text::trimmed(std::string_view(given ? *given : "").substr(0, given ? given->find(';') : 0)));
    if (isJson(type) || (request.streams && type == "application/octet-stream"))
        return;
    throw Error(ErrorCode::UnsupportedMediaType,
                given ? fmt::format("Content-Type: \"{}\" is not supported", shown(*given))
                      : std::string("the request has a body, but no Content-Type"),
                request.streams ? "send application/json, or a file as application/octet-stream"
                                : "send application/json; curl: -H 'Content-Type: application/json'");
}

void refuseOtherHosts(const Request& request, const SiteRules& rules)
{
    const std::string given = request.header("Host").value_or("");
    const std::string host = hostOf(given);
    if (host.empty() || host == "localhost" || platform::ipFromText(host) || isNamed(rules, host))
        return;
    throw Error(ErrorCode::Forbidden,
                fmt::format("this server does not answer for the host \"{}\"", shown(given)),
                "use its IP address or localhost, or list the name in api.names");
}

} // namespace

http::Filter siteGuard(SiteRules rules)
{
    return [rules = std::move(rules)](Request& request, http::Response&) {
        if (rules.checkHost)
            refuseOtherHosts(request, rules);
        if (isSafe(request.method))
            return;
        refuseOtherSites(request, rules);
        if (rules.bodies == BodyTypes::Json)
            refuseOtherTypes(request);
    };
}

} // namespace bm::api
