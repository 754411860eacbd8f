#pragma once
#include "common/model/error.h"
#include "db/database.h"
#include "db/sqlite.h"

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
    void onCommit(CommitHook hook);

private:
    void loop();
    std::deque<WriteRequest*> waitForWork();
    void commitGroup(std::deque<WriteRequest*>& waiting);
    void runUnit(WriteRequest& request);
    void undoAll(const std::vector<WriteRequest*>& group, const model::Error& cause);

    const void* owner_;
    sqlite::Connection connection_;
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<WriteRequest*> queue_;
    bool ending_ = false;
    std::mutex hookMutex_;
    CommitHook hook_;
    std::thread thread_; // ended by the destructor after the queue is empty; a stop token would say less
};

/// Runs @p unit under a savepoint: its writes stay when it returns and are undone when it throws.
void underSavepoint(Transaction& tx, const std::function<void()>& unit);

} // namespace bm::db
