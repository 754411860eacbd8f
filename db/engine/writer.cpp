#include "db/engine/writer.h"

#include "common/model/error.h"
#include "db/engine/borrowed.h"
#include "db/engine/migrations.h"

#include <fmt/format.h>

namespace bm::db {
namespace {

constexpr std::size_t kMaxGroup = 256;                 // bounds what one full disk can take down
constexpr std::chrono::milliseconds kMaxGroupTime{20}; // and how long the first of a group waits
constexpr std::chrono::milliseconds kLaterAtMost{20};
constexpr std::size_t kMostLater = 4096;

/// What made a whole group fail, for those of it that have no error of their own.
model::Error errorOf(const std::exception_ptr& cause)
{
    try {
        std::rethrow_exception(cause);
    } catch (const model::Error& error) {
        return error;
    } catch (const std::exception& error) {
        return {model::ErrorCode::Internal,
                fmt::format("undone with what was written at the same time: {}", error.what()),
                "repeat the request"};
    } catch (...) {
        return {model::ErrorCode::Internal, "undone with what was written at the same time",
                "repeat the request"};
    }
}

/// SQLite undoes the whole transaction when a write finds no room.
model::Error undoneByFullDisk()
{
    return {model::ErrorCode::StoreFull, "the database's disk is full", "make room on it"};
}

void answer(WriteRequest& request, std::exception_ptr error)
{
    const std::lock_guard lock(request.mutex);
    request.error = std::move(error);
    request.done = true;
    request.finished.notify_one(); // under the lock: the request may be gone right after it
}

} // namespace

void underSavepoint(Transaction& tx, const std::function<void()>& unit)
{
    tx.execute("savepoint unit", {});
    try {
        unit();
    } catch (...) {
        auto& connection = dynamic_cast<sqlite::Connection&>(tx);
        if (connection.inTransaction()) { // a full disk may have undone the whole transaction
            tx.execute("rollback to unit", {});
            tx.execute("release unit", {});
        }
        throw;
    }
    tx.execute("release unit", {});
}

Writer::Writer(const void* owner, const std::filesystem::path& file, bool durable)
    : owner_(owner), connection_(file, sqlite::Role::Writer, durable)
{
    migrate(
        connection_, [](Transaction& tx, const std::function<void()>& unit) { underSavepoint(tx, unit); },
        sqliteDialect(), allMigrations(), file.string());
    thread_ = std::thread([this] { loop(); });
}

Writer::~Writer()
{
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    arrived_.notify_one();
    thread_.join();
}

void Writer::write(const std::function<void(Transaction&)>& unit)
{
    if (Transaction* inside = Borrowed::of(owner_, true)) {
        underSavepoint(*inside, [&] { unit(*inside); });
        return;
    }
    WriteRequest request;
    request.unit = &unit;
    {
        const std::lock_guard lock(mutex_);
        BM_ASSERT(!ending_);
        queue_.push_back(&request);
    }
    arrived_.notify_one();
    std::unique_lock lock(request.mutex);
    request.finished.wait(lock, [&] { return request.done; });
    if (request.error)
        std::rethrow_exception(std::move(request.error));
}

void Writer::writeLater(LaterUnit later)
{
    std::size_t before = 0;
    {
        const std::lock_guard lock(mutex_);
        BM_ASSERT(!ending_);
        before = later_.size();
        later_.push_back(std::move(later));
        if (before == 0)
            laterUntil_ = std::chrono::steady_clock::now() + kLaterAtMost;
    }
    if (before == 0)
        arrived_.notify_one();
    if (before >= kMostLater)
        settle();
}

void Writer::settle()
{
    {
        const std::lock_guard lock(mutex_);
        if (later_.empty() && !laterAtWork_)
            return;
    }
    write([](Transaction&) {}); // with these, or after them
}

Writer::Work Writer::waitForWork()
{
    std::unique_lock lock(mutex_);
    laterAtWork_ = false;
    const auto hasWork = [&] { return ending_ || !queue_.empty(); };
    arrived_.wait(lock, [&] { return hasWork() || !later_.empty(); });
    if (!later_.empty())
        arrived_.wait_until(lock, laterUntil_, hasWork);
    laterAtWork_ = !later_.empty();
    return {std::exchange(queue_, {}), std::exchange(later_, {})};
}

void Writer::loop()
{
    for (;;) {
        Work work = waitForWork();
        if (work.waiting.empty() && work.later.empty())
            return;
        while (!work.waiting.empty() || !work.later.empty())
            commitGroup(work);
    }
}

/// Its error, if any, is kept in the request until the group is committed.
void Writer::runUnit(WriteRequest& request)
{
    try {
        const Borrowed borrowed(owner_, connection_, true);
        underSavepoint(connection_, [&] { (*request.unit)(connection_); });
    } catch (...) {
        request.error = std::current_exception();
    }
}

/// @return whether it succeeded; it is told when it did not
bool Writer::runLater(const LaterUnit& one)
{
    try {
        if (!connection_.inTransaction())
            throw undoneByFullDisk();
        const Borrowed borrowed(owner_, connection_, true);
        underSavepoint(connection_, [&] { one.unit(connection_); });
        return true;
    } catch (...) {
        one.onFailure(errorOf(std::current_exception()));
        return false;
    }
}

void Writer::commitGroup(Work& work)
{
    const auto started = std::chrono::steady_clock::now();
    std::deque<WriteRequest*>& waiting = work.waiting;
    std::vector<LaterUnit> later = std::exchange(work.later, {});
    std::vector<WriteRequest*> group;
    try {
        connection_.run("begin immediate");
        std::erase_if(later, [&](const LaterUnit& one) { return !runLater(one); });
        while (!waiting.empty() && group.size() < kMaxGroup &&
               std::chrono::steady_clock::now() - started < kMaxGroupTime && connection_.inTransaction()) {
            group.push_back(waiting.front());
            waiting.pop_front();
            runUnit(*group.back());
        }
        if (!connection_.inTransaction())
            return undoAll(group, later, group.empty() ? undoneByFullDisk() : errorOf(group.back()->error));
        connection_.run("commit");
    } catch (...) {
        if (group.empty() && !waiting.empty()) { // not even begun: answer one, try the next
            group.push_back(waiting.front());
            waiting.pop_front();
        }
        return undoAll(group, later, errorOf(std::current_exception()));
    }
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - started);
    for (WriteRequest* request : group)
        answer(*request, std::move(request->error));
    const std::lock_guard lock(hookMutex_);
    if (hook_)
        hook_({group.size() + later.size(), took});
}

void Writer::onCommit(CommitHook hook)
{
    const std::lock_guard lock(hookMutex_);
    hook_ = std::move(hook);
}

/// The transaction failed as a whole: those that did well hear why, the others their own error.
void Writer::undoAll(const std::vector<WriteRequest*>& group, const std::vector<LaterUnit>& later,
                     const model::Error& cause)
{
    try {
        if (connection_.inTransaction())
            connection_.run("rollback");
    } catch (const model::Error&) { // SQLite undoes it when the next one begins
    }
    for (WriteRequest* request : group) {
        if (!request->error) // an exception of its own for each: they are thrown on many threads
            request->error =
                std::make_exception_ptr(model::Error(cause.code(), cause.message(), cause.hint()));
        answer(*request, std::move(request->error));
    }
    for (const LaterUnit& one : later)
        one.onFailure(cause);
}

} // namespace bm::db
