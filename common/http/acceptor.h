#pragma once
#include "common/http/connection.h"
#include "common/http/poller.h"
#include "common/http/server.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

namespace bm::http {

/// Accepts the listener's connections on one thread, does their TLS handshakes and waits for whole request
/// heads and for the next request of idle connections, so that no worker waits for a client. At a connection
/// limit it closes the pending connection that has waited longest.
class Acceptor {
public:
    using OnReady = std::function<void(std::unique_ptr<Connection>)>;
    /// @p onReady gets a connection whose input starts with a whole head, or exceeds the limit of a head.
    Acceptor(const ListenerConfig& config, OnReady onReady);
    ~Acceptor();
    /// Binds and listens. @throws Error Conflict, InvalidInput
    void start();
    /// Accepts no more connections and requests; closes the pending ones.
    void stop();
    /// Ends every wait on a connection.
    void breakOff() { stopSignal_.wake(); }
    std::uint16_t port() const { return port_; }

    /// Waits for the connection's next request. Any thread.
    void giveBack(std::unique_ptr<Connection> connection);
    /// Closes the connection once its peer has read the answer. Any thread.
    void close(std::unique_ptr<Connection> connection);

private:
    using Time = std::chrono::steady_clock::time_point;
    enum class Phase { Handshake, Head, Idle, Lingering };
    struct PendingConnection {
        std::unique_ptr<Connection> connection;
        Phase phase = Phase::Head;
        Time until{};
    };
    void run(const std::stop_token& stop);
    void accept();
    void open(platform::Fd socket);
    bool makeRoom(const std::string& peer);
    void refuse(const platform::Fd& socket);
    void admitFresh();
    void admit(PendingConnection pending);
    void serve(int fd);
    void readMore(PendingConnection& pending);
    PendingConnection remove(int fd);
    void handOver(int fd);
    void evictLate();
    std::chrono::milliseconds untilNext() const;

    ListenerConfig config_;
    OnReady onReady_;
    std::optional<TlsContext> tls_{};
    platform::WakeUp stopSignal_; ///< never cleared: it stays readable for each wait on a connection
    Admission admission_;
    Poller poller_;
    platform::Fd listener_{};
    std::uint16_t port_ = 0;
    platform::Guarded<std::vector<PendingConnection>> fresh_;
    std::map<int, PendingConnection> pending_{}; ///< of the thread, like all below
    std::set<std::pair<Time, int>> deadlines_{};
    std::optional<Time> acceptAgainAt_{};
    std::jthread thread_{};
};

} // namespace bm::http
