#pragma once
#include "common/http/request.h"
#include "common/http/response.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::model {
class Error;
}

namespace bm::http {

using Handler = std::function<void(Request&, Response&)>;
/// The limits of a route for the body of its requests.
struct BodyRule {
    /// Longer bodies are refused with 413. A client that is not authenticated may send 64 KiB at most.
    std::size_t limitBytes = std::size_t{1024} * 1024;
    /// The handler reads Request::bodyStream() as it arrives, without a limit. The listener receives more
    /// than 64 KiB only of authenticated clients.
    bool streams = false;
    /// Authenticates the client by the head, where no filter does: true if it succeeds. Throws to refuse.
    std::function<bool(const Request&)> prove{};
};
/// Runs before every handler (authentication, versions); throws an Error to refuse.
using Filter = std::function<void(Request&, Response&)>;
/// Renders a failure; the default is {"error_message": "<JSON as text>", "code": ..., "hint": ...} (Ironic's
/// double encoding).
using ErrorRenderer = std::function<void(const Request&, Response&, const model::Error&)>;

/// How a request ended.
struct Finish {
    std::string errorCode{}; ///< "not-found"; "" when none
    std::chrono::microseconds took{};
};
/// Gets every request after its handler has returned (a file or stream may still be on its way). Must not
/// throw.
using Observer = std::function<void(const Request&, const Response&, const Finish&)>;

/// Maps paths with {parameters} (and a last {rest*}, which takes all further segments) to handlers, and holds
/// the one try/catch: a model::Error becomes its status and body, any other exception 500 with a log id.
/// Answers 404 for an unknown path, 405 with Allow for a path without the method; HEAD falls back to GET.
/// Fill it before the server starts; read-only afterwards (thread-safe).
class Router {
public:
    Router();
    ~Router();
    void add(Method method, std::string_view pattern, Handler handler, BodyRule body = {});
    /// Serves requests for @p alias as requests for @p canonical (PathAlias): filters, handlers and observers
    /// see the canonical path and query only. An alias wins over routes.
    void alias(std::string_view alias, std::string_view canonical);
    /// Serves the routes below @p prefix ("/v1") without the prefix, too, except where a path has a route of
    /// its own. Filters, handlers and observers see the path with the prefix.
    void serveAtRoot(std::string_view prefix);
    /// Serves a path with @p suffix (".json") behind it as the path without it, where @p drops says so of the
    /// request. The suffix goes before aliases and routes are chosen.
    void dropSuffix(std::string_view suffix, std::function<bool(const Request&)> drops);
    void filter(Filter filter);
    void onError(ErrorRenderer renderer);
    void onFinish(Observer observer);
    /// Answers the request, or decides access from its head while its body is pending.
    /// @return nothing: answered; else the caller receives the body, of this many bytes at most, and calls
    /// again
    std::optional<std::size_t> handle(Request& request, Response& response) const;
    /// Answers @p error in the form of this listener's errors, without filters and observers.
    void refuse(const Request& request, Response& response, const model::Error& error) const;
    /// "GET /v1/nodes/{ident}", sorted.
    std::vector<std::string> routes() const;

private:
    struct Routes;
    std::unique_ptr<Routes> routes_;
};

/// HTTP status of an error code: invalid-input 400, not-found 404, node-locked 409, ...
int statusOf(const model::Error& error);

} // namespace bm::http
