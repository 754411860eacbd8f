#pragma once
#include "common/http/proxy/trusted_proxies.h"
#include "common/http/router.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace bm::http {

struct ListenerConfig {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;        ///< 0: any free one, see Server::port
    std::string certificateFile{}; ///< PEM; empty: plain HTTP
    std::string keyFile{};
    int maxThreads = 16;
    int maxConnections = 256; ///< beyond: 503 with Retry-After
    int maxConnectionsPerClient = 64;
    int maxStreams = 200; ///< event streams among the connections; beyond: 503
    std::chrono::milliseconds headerDeadline{
        10'000}; ///< from accept to the end of the request, or to the end of its head once access is decided
    std::chrono::milliseconds idleTimeout{60'000}; ///< between requests of one connection
    std::uint64_t minSendBytesPerSecond = 10'000;  ///< the listener drops slower readers and senders
    std::chrono::milliseconds stallWindow{20'000}; ///< the window of that measurement
    /// Memory for bodies of clients that are not authenticated; beyond, the listener closes the slowest.
    std::size_t unprovedBytes = std::size_t{32} * 1024 * 1024;
    std::string serverName = "bm";
    TrustedProxies proxies{}; ///< each of their clients counts for itself
};

/// One listener. No worker waits for a client, except for the body of an authenticated client on a streaming
/// route. The Router must outlive it. bind() or start() binds (throws Error Conflict with a hint when
/// the port is taken); clients that connect before start() wait for it; the process ignores SIGPIPE from then
/// on. stop() waits for running handlers and ends their waits for clients; a stopped server cannot start
/// again. Request bodies may be chunked; answers carry their Content-Length for HTTP/1.0 firmware, except
/// event streams.
class Server {
public:
    Server(const Router& router, ListenerConfig config);
    ~Server();
    void bind();
    void start();
    void stop();
    std::uint16_t port() const;
    std::size_t streamCount() const; ///< event streams open now

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::http
