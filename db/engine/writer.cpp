#include "db/engine/writer.h"

#include "common/platform/log.h"
#include "db/engine/borrowed.h"
#include "db/engine/savepoint.h"

#include <fmt/format.h>

#include <utility>

namespace bm::db {
namespace {

constexpr std::size_t kMaxGroup = 256;                 // limits the units that one failed commit rolls back
constexpr std::chrono::milliseconds kMaxGroupTime{20}; // limits the wait of the first unit of a group
constexpr std::chrono::milliseconds kAsyncWait{20};
constexpr std::size_t kMostAsyncUnits = 4096;
constexpr int kTriesTogether = 2; // later tries run each unit in its own transaction
constexpr int kMaxTries = 20;

/// The error for units of a failed group that have no error of their own.
model::Error errorOf(const std::exception_ptr& cause)
{
    constexpr const char* kRolledBack =
        "the write was rolled back because another write in the same commit failed";
    try {
        std::rethrow_exception(cause);
    } catch (const model::Error& error) {
        return error;
    } catch (const std::exception& error) {
        return {model::ErrorCode::Internal, fmt::format("{}: {}", kRolledBack, error.what()),
                "repeat the request"};
    } catch (...) {
        return {model::ErrorCode::Internal, kRolledBack, "repeat the request"};
    }
}

model::Error tooManyTries(const SerializationFailure& failure)
{
    return {model::ErrorCode::Unavailable,
            fmt::format("concurrent writes prevented the commit of this one {} times: {}", kMaxTries,
                        failure.cause),
            "repeat the request; the database is unchanged"};
}

void answer(WriteRequest& request, std::exception_ptr error)
{
    const std::lock_guard lock(request.mutex);
    request.error = std::move(error);
    request.done = true;
    request.finished.notify_one(); // under the lock, because the caller destroys the request right afterwards
}

/// Runs the actions. The commit is final, whatever an action throws.
void runActions(Actions& actions)
{
    for (const std::function<void()>& action : std::exchange(actions, {}))
        try {
            action();
        } catch (const std::exception& failure) {
            platform::logError("database", "an action after a commit failed: {}", failure.what());
        }
}

} // namespace

Writer::Writer(const void* owner, std::unique_ptr<Connection> connection)
    : owner_(owner), connection_(std::move(connection))
{
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
    if (Transaction* inside = Borrowed::of(owner_, true))
        return withSavepoint(*inside, [&] { unit(*inside); });
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
    runActions(request.afterCommit);
}

void Writer::writeAsync(AsyncUnit unit)
{
    std::size_t before = 0;
    {
        const std::lock_guard lock(mutex_);
        BM_ASSERT(!ending_);
        before = asyncUnits_.size();
        asyncUnits_.push_back(std::move(unit));
        if (before == 0)
            asyncDeadline_ = std::chrono::steady_clock::now() + kAsyncWait;
    }
    if (before == 0)
        arrived_.notify_one();
    if (before >= kMostAsyncUnits)
        flush();
}

void Writer::flush()
{
    {
        const std::lock_guard lock(mutex_);
        if (asyncUnits_.empty() && !asyncRunning_)
            return;
    }
    write([](Transaction&) {}); // returns after the commit of the queued units
}

Writer::Work Writer::waitForWork()
{
    std::unique_lock lock(mutex_);
    asyncRunning_ = false;
    const auto hasWork = [&] { return ending_ || !queue_.empty(); };
    arrived_.wait(lock, [&] { return hasWork() || !asyncUnits_.empty(); });
    if (!asyncUnits_.empty())
        arrived_.wait_until(lock, asyncDeadline_, hasWork);
    asyncRunning_ = !asyncUnits_.empty();
    return {std::exchange(queue_, {}), std::exchange(asyncUnits_, {})};
}

void Writer::loop()
{
    for (;;) {
        Work work = waitForWork();
        if (work.waiting.empty() && work.asyncUnits.empty())
            return;
        while (!work.waiting.empty() || !work.asyncUnits.empty())
            commitGroup(work);
    }
}

void Writer::commitGroup(Work& work)
{
    const auto started = std::chrono::steady_clock::now();
    Group group;
    group.asyncUnits = std::exchange(work.asyncUnits, {});
    try {
        connection_->begin(Access::Write);
        group.begun = true;
        runGroup(group, work.waiting, started);
        connection_->commit();
    } catch (const SerializationFailure& failure) {
        return repeat(group, work, failure);
    } catch (...) {
        if (!group.begun && !work.waiting.empty()) { // answer one unit, try the next
            group.requests.push_back(work.waiting.front());
            work.waiting.pop_front();
        }
        return failAll(group, errorOf(std::current_exception()));
    }
    answerAll(group, std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                           started));
}

void Writer::runGroup(Group& group, std::deque<WriteRequest*>& waiting,
                      std::chrono::steady_clock::time_point started)
{
    std::erase_if(group.asyncUnits, [&](AsyncUnit& one) { return !runAsyncUnit(one); });
    while (!waiting.empty() && group.requests.size() < kMaxGroup && connection_->inTransaction() &&
           std::chrono::steady_clock::now() - started < kMaxGroupTime) {
        const bool alone = waiting.front()->tries >= kTriesTogether;
        if (alone && !group.requests.empty())
            return;
        group.requests.push_back(waiting.front());
        waiting.pop_front();
        runRequest(*group.requests.back());
        if (alone)
            return;
    }
}

/// Runs the unit and keeps its error, if any, until the commit of the group.
void Writer::runRequest(WriteRequest& request)
{
    try {
        const Borrowed borrowed(owner_, *connection_, true);
        withSavepoint(*connection_, [&] { (*request.unit)(*connection_); });
    } catch (const SerializationFailure&) {
        throw;
    } catch (...) {
        request.error = std::current_exception();
    }
    request.afterCommit = std::exchange(connection_->afterCommit_, {});
}

/// @return false when @p one failed on its own and onFailure was called
bool Writer::runAsyncUnit(AsyncUnit& one)
{
    if (!connection_->inTransaction())
        return true; // its result is the result of the group
    try {
        const Borrowed borrowed(owner_, *connection_, true);
        withSavepoint(*connection_, [&] { one.unit(*connection_); });
        one.afterCommit = std::exchange(connection_->afterCommit_, {});
        return true;
    } catch (const SerializationFailure&) {
        throw;
    } catch (...) {
        connection_->afterCommit_.clear();
        if (!connection_->inTransaction())
            return true;
        one.onFailure(errorOf(std::current_exception()));
        return false;
    }
}

void Writer::answerAll(Group& group, std::chrono::microseconds took)
{
    for (AsyncUnit& one : group.asyncUnits) // before the requests, which include that of flush()
        runActions(one.afterCommit);
    for (WriteRequest* request : group.requests)
        answer(*request, std::move(request->error));
    const std::lock_guard lock(hookMutex_);
    if (hook_)
        hook_({group.requests.size() + group.asyncUnits.size(), took});
}

void Writer::onCommit(CommitHook hook)
{
    const std::lock_guard lock(hookMutex_);
    hook_ = std::move(hook);
}

void Writer::rollback()
{
    connection_->afterCommit_.clear();
    try {
        connection_->rollback();
    } catch (const model::Error& failure) { // the next begin() reports the error to its caller
        platform::logError("database", "rollback: {}", failure.what());
    }
}

/// Queues the units of @p group again, in their order, except those with too many failures.
void Writer::repeat(Group& group, Work& work, const SerializationFailure& failure)
{
    rollback();
    for (auto request = group.requests.rbegin(); request != group.requests.rend(); ++request) {
        (*request)->error = nullptr;
        (*request)->afterCommit.clear();
        if (++(*request)->tries < kMaxTries)
            work.waiting.push_front(*request);
        else
            answer(**request, std::make_exception_ptr(tooManyTries(failure)));
    }
    for (AsyncUnit& one : group.asyncUnits) {
        one.afterCommit.clear();
        if (++one.tries < kMaxTries)
            work.asyncUnits.push_back(std::move(one));
        else
            one.onFailure(tooManyTries(failure));
    }
}

/// Fails the whole group: units that succeeded get @p cause, the others keep their own error.
void Writer::failAll(Group& group, const model::Error& cause)
{
    rollback();
    for (const AsyncUnit& one : group.asyncUnits) // before the requests, which include that of flush()
        one.onFailure(cause);
    for (WriteRequest* request : group.requests) {
        if (!request->error) // one exception object per unit, because several threads throw them
            request->error =
                std::make_exception_ptr(model::Error(cause.code(), cause.message(), cause.hint()));
        answer(*request, std::move(request->error));
    }
}

} // namespace bm::db
