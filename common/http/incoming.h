#pragma once
#include "common/http/body_decoder.h"
#include "common/http/head.h"
#include "common/http/proxy/trusted_proxies.h"

#include <cstddef>
#include <optional>
#include <string>

namespace bm::http {

class Connection;

/// The longest body that a listener receives from a client that is not authenticated.
inline constexpr std::size_t kUnprovedBodyLimit = std::size_t{64} * 1024;

/// The request that arrives on a connection.
struct IncomingRequest {
    explicit IncomingRequest(Head parsed) : head(std::move(parsed)), decoder(head) {}
    Head head;
    BodyDecoder decoder;
    std::string body{};                     ///< as far as it has arrived
    std::size_t limit = kUnprovedBodyLimit; ///< of the body
    bool admitted = false;                  ///< access was decided from the head, and set the limit
    std::optional<ForwardedClient>
        client{}; ///< by a trusted proxy's fields; nothing: the connection's client
    bool whole() const { return decoder.done(); }
};

/// Parses the bytes in @p connection's input into its request.
/// @return true if a worker can go on: the request is whole, or its body waits for the decision on access,
/// because it is longer than a client without authentication may send, or because the client expects "100
/// Continue"
/// @throws Error InvalidInput (not HTTP, malformed chunks), TooLarge (over the limit of an admitted request)
bool receiveRequest(Connection& connection);

} // namespace bm::http
