#pragma once
#include "common/model/error.h"
#include "db/engine/database.h"
#include "db/engine/sqlite.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bm::db {

/// A unit of writing that somebody waits for. Lives on the stack of who waits.
struct WriteRequest {
    const std::function<void(Transaction&)>* unit = nullptr;
    std::exception_ptr error{};
    bool done = false;
    std::mutex mutex{};
    std::condition_variable finished{};
};

/// A unit of writing that nobody waits for.
struct LaterUnit {
    std::function<void(Transaction&)> unit;
    std::function<void(const model::Error& why)> onFailure; ///< called on the writer's thread
};

/// The one thread that writes. What waits when it is free is committed together, each unit under a savepoint
/// of its own; every unit is answered after the commit, with its own error, or with the commit's.
class Writer {
public:
    /// @param owner  whose units these are, see Borrowed
    Writer(const void* owner, const std::filesystem::path& file, bool durable);
    /// Does what is queued, then ends.
    ~Writer();
    /// Blocks until @p unit is committed or undone; throws what undid it. From inside a unit: runs at once,
    /// within it.
    void write(const std::function<void(Transaction&)>& unit);
    /// Has @p later committed with whatever is written next, or by itself after 20 ms. Never blocks
    /// but when a great many wait.
    void writeLater(LaterUnit later);
    /// Returns when what was to be written later is committed, or has failed.
    void settle();
    void onCommit(CommitHook hook);

private:
    struct Work {
        std::deque<WriteRequest*> waiting;
        std::vector<LaterUnit> later;
    };
    void loop();
    Work waitForWork();
    void commitGroup(Work& work);
    void runUnit(WriteRequest& request);
    bool runLater(const LaterUnit& one);
    void undoAll(const std::vector<WriteRequest*>& group, const std::vector<LaterUnit>& later,
                 const model::Error& cause);

    const void* owner_;
    sqlite::Connection connection_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<WriteRequest*> queue_;
    std::vector<LaterUnit> later_;
    std::chrono::steady_clock::time_point laterUntil_; ///< the oldest of them waits no longer
    bool laterAtWork_ = false;                         ///< some are being committed
    bool ending_ = false;
    std::mutex hookMutex_;
    CommitHook hook_;
    std::thread thread_; // ended by the destructor after the queue is empty; a stop token would say less
};

/// Runs @p unit under a savepoint: its writes stay when it returns and are undone when it throws.
void underSavepoint(Transaction& tx, const std::function<void()>& unit);

} // namespace bm::db
