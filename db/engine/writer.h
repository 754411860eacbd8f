#pragma once
#include "common/model/error.h"
#include "common/platform/condition.h"
#include "db/engine/connection.h"
#include "db/engine/database.h"

#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace bm::db {

using Actions = std::vector<std::function<void()>>;

/// A synchronous write. It lives on the stack of its waiting caller.
struct WriteRequest {
    const std::function<void(Transaction&)>* unit = nullptr;
    std::exception_ptr error{};
    Actions afterCommit{};
    int tries = 0; ///< tries that ended in a serialization failure
    bool done = false;
    std::mutex mutex{};
    platform::Condition finished{};
};

/// An asynchronous write.
struct AsyncUnit {
    std::function<void(Transaction&)> unit;
    std::function<void(const model::Error& why)> onFailure; ///< called on the writer's thread
    int tries = 0;                                          ///< as in WriteRequest
    Actions afterCommit{};
};

/// The single writer thread. It commits waiting units together, each under its own savepoint, and answers
/// every unit after the commit with the unit's own error or the commit's. After a serialization failure it
/// repeats the units of the group: together once more, then each in its own transaction.
class Writer {
public:
    /// @param owner  the database, see Borrowed
    Writer(const void* owner, std::unique_ptr<Connection> connection);
    /// Commits the remaining units and ends the thread.
    ~Writer();
    /// Blocks until @p unit is committed or rolled back, then runs its afterCommit actions. Throws the error
    /// that rolled it back. Inside a unit it runs at once, within that unit.
    void write(const std::function<void(Transaction&)>& unit);
    /// Commits @p unit with the next write, or alone after 20 ms. Blocks only while 4096 units are
    /// waiting.
    void writeAsync(AsyncUnit unit);
    /// Returns when all asynchronous units in the queue are committed or have failed.
    void flush();
    void onCommit(CommitHook hook);

private:
    struct Work {
        std::deque<WriteRequest*> waiting;
        std::vector<AsyncUnit> asyncUnits;
    };
    struct Group {
        std::vector<WriteRequest*> requests{};
        std::vector<AsyncUnit> asyncUnits{};
        bool begun = false;
    };
    void loop();
    Work waitForWork();
    void commitGroup(Work& work);
    void runGroup(Group& group, std::deque<WriteRequest*>& waiting,
                  std::chrono::steady_clock::time_point started);
    void runRequest(WriteRequest& request);
    bool runAsyncUnit(AsyncUnit& one);
    void answerAll(Group& group, std::chrono::microseconds took);
    void repeat(Group& group, Work& work, const SerializationFailure& failure);
    void failAll(Group& group, const model::Error& cause);
    void rollback();

    const void* owner_;
    std::unique_ptr<Connection> connection_;
    std::mutex mutex_;
    platform::Condition arrived_;
    std::deque<WriteRequest*> queue_;
    std::vector<AsyncUnit> asyncUnits_;
    std::chrono::steady_clock::time_point asyncDeadline_; ///< the deadline of the oldest unit in asyncUnits_
    bool asyncRunning_ = false;                           ///< the thread is committing asynchronous units
    bool ending_ = false;
    std::mutex hookMutex_;
    CommitHook hook_;
    std::thread thread_; // the destructor ends it after the queue is empty, which a stop token cannot express
};

} // namespace bm::db
