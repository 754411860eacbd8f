#pragma once
#include "common/http/connection.h"
#include "common/http/event_stream.h"
#include "common/http/poller.h"
#include "common/platform/guarded.h"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <vector>

namespace bm::http {

/// Sends event streams on one thread for any number of clients. Drops a client that hangs up, or that takes
/// no byte of its full buffer during its stall limit, without delay for the others.
class StreamSender {
public:
    using Connections = std::function<void(std::unique_ptr<Connection>)>;
    /// @p onClose gets a connection after the end of its stream.
    explicit StreamSender(Connections onClose);
    ~StreamSender();
    void start();
    /// Ends all streams and calls their onChange.
    void stop();
    void add(std::unique_ptr<Connection> connection, const EventStreamPtr& stream);
    std::size_t count() const { return count_; }

private:
    using Time = std::chrono::steady_clock::time_point;
    struct Job {
        std::unique_ptr<Connection> connection;
        EventStreamPtr stream;
        Time movedAt{};        ///< when the socket last took a byte, or the empty buffer got one
        bool waiting = false;  ///< for the socket to take the rest of the buffer
        std::size_t heard = 0; ///< bytes that the client sent during the answer
    };
    enum class After { GoOn, Finished, Gone };
    void run(const std::stop_token& stop);
    void takeNew();
    void serve(int fd);
    After advance(Job& job);
    After flush(Job& job);
    bool listens(Job& job) const;
    void checkAll();
    void end(int fd, bool whole);

    struct Fresh {
        std::vector<Job> jobs{};
        std::vector<int> dirty{};
    };
    Connections onClose_;
    Poller poller_;
    platform::Guarded<Fresh> fresh_;
    std::map<int, Job> jobs_; ///< the thread's own
    std::atomic<std::size_t> count_ = 0;
    std::jthread thread_;
};

} // namespace bm::http
