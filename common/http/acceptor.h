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

/// Accepts the listener's connections on one thread, does their TLS handshakes and receives whole requests
/// and waits for the next request of idle connections, so that no worker waits for a client. At a connection
/// limit it closes the pending connection that has waited longest, of the client that has most.
class Acceptor {
public:
    using OnReady = std::function<void(std::unique_ptr<Connection>)>;
    using OnRefuse = std::function<bool(Connection&, const model::Error&)>;
    /// @p onReady gets a connection whose request is whole, or waits for the decision on access.
    /// @p onRefuse writes the answer to a request that cannot be received, without waiting. @return true
    /// if the socket took all of it
    Acceptor(const ListenerConfig& config, OnReady onReady, OnRefuse onRefuse);
    ~Acceptor();
    /// Binds and listens. @throws Error Conflict, InvalidInput
    void bind();
    /// Accepts connections, after bind() where that was not called.
    void start();
    /// Accepts no more connections and requests; closes the pending ones.
    void stop();
    /// Ends every wait on a connection.
    void breakOff() { stopSignal_.wake(); }
    std::uint16_t port() const { return port_; }

    /// Waits for the connection's next request. Any thread.
    void giveBack(std::unique_ptr<Connection> connection);
    /// Receives the body of the connection's request, to which access was decided. Any thread.
    void receiveBody(std::unique_ptr<Connection> connection);
    /// Closes the connection once its peer has read the answer. Any thread.
    void close(std::unique_ptr<Connection> connection);

private:
    using Time = std::chrono::steady_clock::time_point;
    enum class Phase { Preface, Handshake, Head, Body, Idle, Lingering };
    struct PendingConnection {
        std::unique_ptr<Connection> connection;
        Phase phase = Phase::Head;
        Time until{};
        Time since{};            ///< when the request began
        std::uint64_t bytes = 0; ///< of the request, or of the admitted body in the present window
    };
    enum class After { Wait, GoOn, Ready, Gone };
    void run(const std::stop_token& stop);
    void accept();
    void open(platform::Fd socket);
    bool makeRoom(const std::string& client, bool proxy);
    bool evictOne(const std::string& client);
    bool countFor(Connection& connection, const ForwardedClient& client);
    void refuse(const platform::Fd& socket);
    void admitFresh();
    void admit(PendingConnection pending);
    void serve(int fd);
    After receivePreface(PendingConnection& pending);
    After receive(PendingConnection& pending);
    void identify(Connection& connection);
    After examine(PendingConnection& pending);
    After refuse(PendingConnection& pending, const model::Error& error);
    static void countHeld(PendingConnection& pending);
    void shedSlowest();
    void wait(PendingConnection& pending, Phase phase, std::chrono::milliseconds span);
    PendingConnection remove(int fd);
    void evictLate();
    bool mayStay(PendingConnection& pending);
    std::chrono::milliseconds untilNext() const;

    ListenerConfig config_;
    OnReady onReady_;
    OnRefuse onRefuse_;
    std::optional<TlsContext> tls_{};
    platform::WakeUp stopSignal_; ///< never cleared: it stays readable for each wait on a connection
    Admission admission_;
    ByteBudget unproved_;
    Poller poller_;
    platform::Fd listener_{};
    std::uint16_t port_ = 0;
    platform::Guarded<std::vector<PendingConnection>> fresh_;
    std::map<int, PendingConnection> pending_{}; ///< of the thread, like all below
    std::set<std::pair<Time, int>> deadlines_{};
    std::vector<int> unread_{}; ///< had their turn, but may have sent more
    std::optional<Time> acceptAgainAt_{};
    std::jthread thread_{};
};

} // namespace bm::http
