#pragma once
#include "common/model/error.h"
#include "db/engine/connection.h"
#include "db/engine/database.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace bm::db {

using Actions = std::vector<std::function<void()>>;

/// A unit of writing whose caller waits. Lives on the caller's stack.
struct WriteRequest {
    const std::function<void(Transaction&)>* unit = nullptr;
    std::exception_ptr error{};
    Actions afterCommit{};
    int tries = 0; ///< that ended in a serialization failure
    bool done = false;
    std::mutex mutex{};
    std::condition_variable finished{};
};

/// A unit of writing whose caller does not wait.
struct AsyncUnit {
    std::function<void(Transaction&)> unit;
    std::function<void(const model::Error& why)> onFailure; ///< called on the writer's thread
    int tries = 0;                                          ///< as above
    Actions afterCommit{};
};

/// The one thread that writes. It commits the waiting units together, each under a savepoint of its own, and
/// answers every unit after the commit: with the unit's own error, or with the commit's. After a
/// serialization failure it runs the units of the group again: together once more, then each in a transaction
/// of its own.
class Writer {
public:
    /// @param owner  the database, see Borrowed
    Writer(const void* owner, std::unique_ptr<Connection> connection);
    /// Finishes the queue, then ends the thread.
    ~Writer();
    /// Blocks until @p unit is committed or rolled back, then runs its afterCommit actions; throws what
    /// rolled it back. From inside a unit: runs at once, within it.
    void write(const std::function<void(Transaction&)>& unit);
    /// Commits @p later with the next write, or by itself after 20 ms. Blocks only behind 4096 others.
    void writeAsync(AsyncUnit later);
    /// Returns when the asynchronous units queued so far are committed or have failed.
    void flush();
    void onCommit(CommitHook hook);

private:
    struct Work {
        std::deque<WriteRequest*> waiting;
        std::vector<AsyncUnit> later;
    };
    struct Group {
        std::vector<WriteRequest*> requests{};
        std::vector<AsyncUnit> later{};
        bool begun = false;
    };
    void loop();
    Work waitForWork();
    void commitGroup(Work& work);
    void runGroup(Group& group, std::deque<WriteRequest*>& waiting,
                  std::chrono::steady_clock::time_point started);
    void runRequest(WriteRequest& request);
    bool runLater(AsyncUnit& one);
    void answerAll(Group& group, std::chrono::microseconds took);
    void repeat(Group& group, Work& work, const SerializationFailure& failure);
    void failAll(Group& group, const model::Error& cause);
    void rollback();

    const void* owner_;
    std::unique_ptr<Connection> connection_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<WriteRequest*> queue_;
    std::vector<AsyncUnit> later_;
    std::chrono::steady_clock::time_point laterUntil_; ///< the oldest of later_ waits no longer
    bool laterAtWork_ = false;                         ///< some are being committed
    bool ending_ = false;
    std::mutex hookMutex_;
    CommitHook hook_;
    std::thread thread_; // ended by the destructor after the queue is empty; a stop token would say less
};

} // namespace bm::db
