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

/// The listener's front desk, one thread: accepts, shakes hands (TLS), waits for whole heads and for the next
/// request of idle connections, so that no worker ever waits for them. At a limit, whoever has waited longest
/// here makes room.
class Reception {
public:
    using OnReady = std::function<void(std::unique_ptr<Connection>)>;
    /// @p onReady gets a connection whose input starts with a whole head (or with more than may be one).
    Reception(const ListenerConfig& config, OnReady onReady);
    ~Reception();
    /// Binds and listens. @throws Error Conflict, InvalidInput
    void start();
    /// No more connections and requests; the waiting ones are closed.
    void stop();
    /// Makes waits on connections end.
    void breakOff() { stopSignal_.wake(); }
    std::uint16_t port() const { return port_; }

    /// From any thread: a connection for its next request; one that is to be closed once its peer has read
    /// the answer.
    void giveBack(std::unique_ptr<Connection> connection);
    void close(std::unique_ptr<Connection> connection);

private:
    using Time = std::chrono::steady_clock::time_point;
    enum class Phase { Handshake, Head, Idle, Lingering };
    struct Guest {
        std::unique_ptr<Connection> connection;
        Phase phase = Phase::Head;
        Time until{};
    };
    void run(const std::stop_token& stop);
    void accept();
    void welcome(platform::Fd socket);
    bool makeRoom(const std::string& peer);
    void refuse(const platform::Fd& socket);
    void takeNew();
    void seat(Guest guest);
    void serve(int fd);
    void readMore(Guest& guest);
    Guest remove(int fd);
    void pass(int fd);
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
    platform::Guarded<std::vector<Guest>> fresh_;
    std::map<int, Guest> guests_{}; ///< of the thread, like all below
    std::set<std::pair<Time, int>> deadlines_{};
    std::optional<Time> acceptAgainAt_{};
    std::jthread thread_{};
};

} // namespace bm::http
