#pragma once
#include "common/model/grant.h"

#include <cstdint>
#include <functional>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::http {

enum class Method : std::uint8_t { Get, Head, Post, Put, Patch, Delete, Options, Other };
std::string_view toText(Method method) noexcept;
Method methodFromText(std::string_view text) noexcept;

/// One request, borrowed by its handler. Header names have no case.
class Request {
public:
    virtual ~Request() = default;
    Method method = Method::Get;
    std::string path; ///< decoded, without the query, without a trailing slash
    std::vector<std::pair<std::string, std::string>> query{}; ///< decoded, in order
    std::map<std::string, std::string> pathParams{};          ///< filled by the Router
    std::string peerAddress;     ///< of the client, also behind a trusted proxy: "10.77.0.101"
    std::string actor;           ///< the user; an authentication filter sets it
    model::Grant grant{};        ///< the actor's rights; the same filter sets it
    std::string localBase;       ///< "http://host:port": Host, and the scheme of the client's connection
    std::string requestId;       ///< "req-<uuid>", or the client's own id
    std::string route;           ///< pattern of the route, "/v1/nodes/{ident}"; "" when there is none
    bool streams = false;        ///< the route takes bytes as they arrive (BodyRule::streams)
    bool proved = false;         ///< the head identifies the client; a filter or BodyRule::prove sets it
    bool bodyPending = false;    ///< the body has not arrived as a whole
    std::uint64_t bodyBytes = 0; ///< length of the body: the declared one, else of the received part

    virtual std::optional<std::string> header(std::string_view name) const = 0;
    /// The whole body, which the route's BodyRule limits; up to 1 MiB where the route streams.
    /// @throws Error TooLarge, and as bodyStream()
    virtual std::string body() = 0;
    /// The body as it arrives, for routes that stream. Valid during the handler only.
    virtual std::istream& bodyStream() = 0;
    /// Length the client declared; nothing when chunked.
    virtual std::optional<std::uint64_t> contentLength() const = 0;

    /// @throws Error Internal when the route has no such parameter
    const std::string& pathParam(const std::string& name) const;
    std::optional<std::string> queryParam(std::string_view name) const;
};

} // namespace bm::http
