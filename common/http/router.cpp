#include "common/http/router.h"

#include "common/http/incoming.h"
#include "common/http/paths.h"
#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

struct Route {
    Method method;
    PathPattern pattern;
    Handler handler;
    BodyRule body;
};

void renderIronic(const Request& request, Response& response, const Error& error)
{
    const int status = statusOf(error);
    const nlohmann::json inner = {{"faultcode", status >= 500 ? "Server" : "Client"},
                                  {"faultstring", error.message()},
                                  {"debuginfo", nullptr}};
    const auto dump = [](const nlohmann::json& json) {
        return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    nlohmann::json body = {{"error_message", dump(inner)},
                           {"code", model::toText(error.code())},
                           {"request_id", request.requestId}};
    if (!error.hint().empty())
        body["hint"] = error.hint();
    response.sendJson(status, dump(body));
}

/// The node in the request's path, as the client names it; "" without one.
std::string nodeOf(const Request& request)
{
    const auto node =
        request.pathParams.find(request.route.starts_with("/v1/nodes/{ident}") ? "ident" : "node");
    return node == request.pathParams.end() ? "" : node->second;
}

[[noreturn]] void refuseBody(std::size_t limit, bool proved)
{
    throw Error(ErrorCode::TooLarge, fmt::format("the body is longer than {} bytes", limit),
                proved ? "" : "longer bodies are accepted only with a login, or a token in a header");
}

/// Checks the length of the body, as far as it is known. @return the most that the route takes from this
/// client
std::size_t checkBody(const BodyRule& rule, Request& request)
{
    if (rule.prove && !request.proved && (request.bodyPending || request.bodyBytes > kUnprovedBodyLimit))
        request.proved = rule.prove(request);
    const std::size_t limit =
        request.proved ? rule.limitBytes : std::min(rule.limitBytes, kUnprovedBodyLimit);
    const bool streams = rule.streams && request.proved;
    if (!streams && request.bodyBytes > limit)
        refuseBody(limit, request.proved || limit == rule.limitBytes);
    return limit;
}

/// True if a browser may ask the user for a password: the client is no browser, or a person opens a page. A
/// page's own requests must not raise the browser's password window.
bool mayPrompt(const Request& request)
{
    return request.header("Sec-Fetch-Mode").value_or("navigate") == "navigate";
}

/// The path without repeated slashes and one at its end.
std::string collapsed(std::string_view path)
{
    return "/" + text::joined(segmentsOf(path), "/");
}

} // namespace

struct Router::Routes {
    std::vector<Route> all;
    std::vector<PathAlias> aliases; // the most exact first
    std::string root{};             // "/v1"; "" for none
    std::string suffix{};           // ".json"; "" for none
    std::function<bool(const Request&)> dropsSuffix{};
    std::vector<Filter> filters;
    ErrorRenderer render = renderIronic;
    std::vector<Observer> observers;

    bool isRouted(const std::string& path) const;
    void canonicalise(Request& request) const;
    const Route* choose(Request& request, std::set<std::string>& allowed) const;
    std::string handle(Request& request, Response& response, std::optional<std::size_t>& wanted) const;
    std::optional<std::size_t> dispatch(Request& request, Response& response) const;
    void fail(const Request& request, Response& response, const Error& error) const;
};

/// True if @p path has a route, or is another address of one.
bool Router::Routes::isRouted(const std::string& path) const
{
    const PathSegments segments = segmentsOf(path);
    const auto matches = [&](const PathPattern& pattern) { return pattern.match(segments).has_value(); };
    return std::ranges::any_of(all, matches, &Route::pattern) ||
           std::ranges::any_of(aliases, matches, &PathAlias::pattern);
}

/// Gives the request the path by which the routes know its resource.
void Router::Routes::canonicalise(Request& request) const
{
    if (request.path.find("//") != std::string::npos)
        request.path = collapsed(request.path);
    if (!suffix.empty() && request.path.ends_with(suffix) && dropsSuffix(request))
        request.path =
            collapsed(std::string_view(request.path).substr(0, request.path.size() - suffix.size()));
    if (!root.empty() && request.path != root && !request.path.starts_with(root + "/") &&
        !isRouted(request.path) && isRouted(root + request.path))
        request.path.insert(0, root);
    const PathSegments path = segmentsOf(request.path);
    for (const PathAlias& alias : aliases)
        if (alias.apply(request, path))
            return;
}

const Route* Router::Routes::choose(Request& request, std::set<std::string>& allowed) const
{
    const PathSegments path = segmentsOf(request.path);
    const Route* readable = nullptr; // the GET route, for HEAD without a route of its own
    PathParams readableParams;
    for (const Route& route : all) {
        std::optional<PathParams> params = route.pattern.match(path);
        if (!params)
            continue;
        if (route.method == request.method) {
            request.pathParams = std::move(*params);
            return &route;
        }
        if (route.method == Method::Get && request.method == Method::Head && readable == nullptr) {
            readable = &route;
            readableParams = std::move(*params);
        }
        allowed.insert(std::string(toText(route.method)));
    }
    if (readable != nullptr)
        request.pathParams = std::move(readableParams);
    return readable;
}

/// @return as Router::handle()
std::optional<std::size_t> Router::Routes::dispatch(Request& request, Response& response) const
{
    std::set<std::string> allowed;
    canonicalise(request);
    const Route* route = choose(request, allowed);
    request.route = route == nullptr ? "" : route->pattern.text();
    request.streams = route != nullptr && route->body.streams;
    const platform::LogScope scope({{}, nodeOf(request), {}});
    for (const Filter& filter : filters) {
        filter(request, response);
        if (response.sent())
            return std::nullopt;
    }
    if (route == nullptr && allowed.empty())
        throw Error(ErrorCode::NotFound,
                    fmt::format("there is no {}", request.path.empty() ? "/" : request.path));
    if (route == nullptr) {
        if (allowed.contains("GET"))
            allowed.insert("HEAD");
        response.header("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
        throw Error(ErrorCode::MethodNotAllowed,
                    fmt::format("{} cannot be asked of {}", toText(request.method), request.path));
    }
    const std::size_t limit = checkBody(route->body, request);
    if (request.bodyPending && !(route->body.streams && request.proved))
        return limit;
    route->handler(request, response);
    if (!response.sent())
        response.sendEmpty(204);
    return std::nullopt;
}

void Router::Routes::fail(const Request& request, Response& response, const Error& error) const
{
    if (statusOf(error) >= 500)
        platform::logWarning("http", "{} {} {}: {}: {}", request.requestId, toText(request.method),
                             request.path, model::toText(error.code()), error.message());
    if (response.sent())
        return;
    if (!mayPrompt(request))
        std::erase_if(response.headers,
                      [](const auto& header) { return header.first == "WWW-Authenticate"; });
    else if (error.code() == ErrorCode::Unauthorized && !response.hasHeader("WWW-Authenticate"))
        response.header("WWW-Authenticate", "Basic realm=\"bm\"");
    render(request, response, error);
}

Router::Router() : routes_(std::make_unique<Routes>()) {}
Router::~Router() = default;

void Router::add(Method method, std::string_view pattern, Handler handler, BodyRule body)
{
    Route route{method, PathPattern(pattern), std::move(handler), std::move(body)};
    std::vector<Route>& all = routes_->all;
    for (const Route& other : all)
        BM_ASSERT(other.method != method || other.pattern.text() != route.pattern.text());
    const auto moreExact = [](const Route& a, const Route& b) { return a.pattern.moreExact(b.pattern); };
    all.insert(std::upper_bound(all.begin(), all.end(), route, moreExact), std::move(route));
}

void Router::alias(std::string_view alias, std::string_view canonical)
{
    PathAlias added(alias, canonical);
    std::vector<PathAlias>& all = routes_->aliases;
    const auto moreExact = [](const PathAlias& a, const PathAlias& b) {
        return a.pattern().moreExact(b.pattern());
    };
    all.insert(std::upper_bound(all.begin(), all.end(), added, moreExact), std::move(added));
}

void Router::serveAtRoot(std::string_view prefix)
{
    routes_->root = prefix;
}

void Router::dropSuffix(std::string_view suffix, std::function<bool(const Request&)> drops)
{
    routes_->suffix = suffix;
    routes_->dropsSuffix = std::move(drops);
}

void Router::filter(Filter filter)
{
    routes_->filters.push_back(std::move(filter));
}

void Router::onError(ErrorRenderer renderer)
{
    routes_->render = std::move(renderer);
}

/// @return the code of the handler's error; "" for none. Only then @p wanted counts: gcc 12 stores a part of
/// dispatch()'s result before dispatch() throws.
std::string Router::Routes::handle(Request& request, Response& response,
                                   std::optional<std::size_t>& wanted) const
{
    try {
        wanted = dispatch(request, response);
        return {};
    } catch (const Error& error) {
        fail(request, response, error);
        return std::string(model::toText(error.code()));
    } catch (const std::exception& error) {
        platform::logError("http", "{} {} {}: {}", request.requestId, toText(request.method), request.path,
                           error.what());
        fail(request, response,
             Error(ErrorCode::Internal, "an unexpected failure; the log has it as " + request.requestId));
        return std::string(model::toText(ErrorCode::Internal));
    }
}

void Router::onFinish(Observer observer)
{
    routes_->observers.push_back(std::move(observer));
}

void Router::refuse(const Request& request, Response& response, const Error& error) const
{
    routes_->fail(request, response, error);
}

std::optional<std::size_t> Router::handle(Request& request, Response& response) const
{
    const platform::LogScope scope({request.requestId, {}, {}});
    const auto start = std::chrono::steady_clock::now();
    Finish finish;
    std::optional<std::size_t> wanted;
    finish.errorCode = routes_->handle(request, response, wanted);
    if (wanted && finish.errorCode.empty())
        return wanted;
    finish.took =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
    for (const Observer& observer : routes_->observers)
        observer(request, response, finish);
    return std::nullopt;
}

std::vector<std::string> Router::routes() const
{
    std::vector<std::string> texts;
    for (const Route& route : routes_->all)
        texts.push_back(fmt::format("{} {}", toText(route.method), route.pattern.text()));
    std::sort(texts.begin(), texts.end());
    return texts;
}

int statusOf(const Error& error)
{
    switch (error.code()) {
    case ErrorCode::InvalidInput:
    case ErrorCode::InvalidTransition:
    case ErrorCode::BmcUnsupported:
    case ErrorCode::ChecksumMismatch:
    case ErrorCode::ImageUnsupported:
    case ErrorCode::ImageCorrupt:
    case ErrorCode::DiskNotFound:
    case ErrorCode::DiskAmbiguous:
    case ErrorCode::DiskTooSmall:
    case ErrorCode::ConfigDriveFailed:
        return 400;
    case ErrorCode::Unauthorized:
        return 401;
    case ErrorCode::Forbidden:
    case ErrorCode::NodeProtected:
        return 403;
    case ErrorCode::NotFound:
        return 404;
    case ErrorCode::MethodNotAllowed:
        return 405;
    case ErrorCode::NotAcceptable:
        return 406;
    case ErrorCode::UnsupportedMediaType:
        return 415;
    case ErrorCode::Conflict:
    case ErrorCode::NodeLocked:
    case ErrorCode::ImageInUse:
    case ErrorCode::Aborted:
    case ErrorCode::Quarantined:
        return 409;
    case ErrorCode::RequestTimeout:
        return 408;
    case ErrorCode::TooLarge:
    case ErrorCode::ImageTooLarge:
        return 413;
    case ErrorCode::UntrustedServer:
    case ErrorCode::BmcUnreachable:
    case ErrorCode::BmcAuthFailed:
    case ErrorCode::BmcRejected:
    case ErrorCode::BmcBadReply:
        return 502;
    case ErrorCode::Unavailable:
    case ErrorCode::BmcBusy:
    case ErrorCode::BmcSessionLimit:
    case ErrorCode::BmcResting:
        return 503;
    case ErrorCode::DeadlineExceeded:
        return 504;
    case ErrorCode::StoreFull:
        return 507;
    case ErrorCode::DiskFailed:
    case ErrorCode::AgentFailed:
    case ErrorCode::RebootedTooOften:
    case ErrorCode::Internal:
        return 500;
    }
    return 500;
}

} // namespace bm::http
