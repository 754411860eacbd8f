#pragma once
#include "common/http/exchange.h"
#include "common/http/poller.h"

#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace bm::http {

/// Sends files, and the unsent rest of other answers, to all readers on one thread: a piece to each whose
/// socket is ready.
class FileSender {
public:
    using Connections = std::function<void(std::unique_ptr<Connection>)>;
    /// @p onIdle gets a connection after its file, when it may carry the next request.
    FileSender(const ListenerConfig& config, Connections onIdle, Connections onClose);
    ~FileSender();
    void start();
    /// Stops all transfers and calls their onDone.
    void stop();
    void add(std::unique_ptr<Connection> connection, PendingAnswer file);

private:
    struct Job {
        std::unique_ptr<Connection> connection;
        PendingAnswer file;
        Pace pace;
        std::chrono::steady_clock::time_point seenAt{};
    };
    void run(const std::stop_token& stop);
    void takeNew();
    void serve(int fd);
    bool advance(Job& job);
    void dropSlow();
    void end(int fd);

    ListenerConfig config_;
    Connections onIdle_;
    Connections onClose_;
    Poller poller_;
    platform::Guarded<std::vector<Job>> fresh_;
    std::map<int, Job> jobs_; ///< the thread's own
    std::jthread thread_;
};

} // namespace bm::http
