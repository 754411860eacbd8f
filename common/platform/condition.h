#pragma once
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace bm::platform {

/// A condition variable that checks the predicate of a waiting thread once a second, also without a
/// notification. The C library of Debian 12 (glibc before 2.41) can lose a notification where several threads
/// wait (sourceware bug 25847); with std::condition_variable such a thread would wait for ever. Thread-safe.
class Condition {
public:
    void notify_one() { changed_.notify_one(); }
    void notify_all() { changed_.notify_all(); }

    template <class Lock, class Predicate> void wait(Lock& lock, Predicate predicate)
    {
        while (!changed_.wait_for(lock, kCheck, predicate)) {
        }
    }
    /// @return the predicate's value; false only after a stop request
    template <class Lock, class Predicate>
    bool wait(Lock& lock, const std::stop_token& stop, Predicate predicate)
    {
        while (!changed_.wait_for(lock, stop, kCheck, predicate))
            if (stop.stop_requested())
                return predicate();
        return true;
    }
    /// @return the predicate's value; false only after @p time or a stop request
    template <class Lock, class Clock, class Duration, class Predicate>
    bool wait_until(Lock& lock, const std::stop_token& stop,
                    const std::chrono::time_point<Clock, Duration>& time, Predicate predicate)
    {
        while (
            !changed_.wait_until(lock, stop, std::min<Time<Clock>>(time, Clock::now() + kCheck), predicate))
            if (stop.stop_requested() || Clock::now() >= time)
                return predicate();
        return true;
    }
    template <class Lock, class Clock, class Duration, class Predicate>
    bool wait_until(Lock& lock, const std::chrono::time_point<Clock, Duration>& time, Predicate predicate)
    {
        return wait_until(lock, std::stop_token(), time, predicate);
    }
    /// Waits for one notification, @p span at most.
    template <class Lock, class Span> void wait_once(Lock& lock, const Span& span)
    {
        changed_.wait_for(lock, span);
    }
    template <class Lock, class Span, class Predicate>
    bool wait_for(Lock& lock, const std::stop_token& stop, const Span& span, Predicate predicate)
    {
        return wait_until(lock, stop, std::chrono::steady_clock::now() + span, predicate);
    }

private:
    template <class Clock> using Time = std::chrono::time_point<Clock, std::chrono::nanoseconds>;
    static constexpr std::chrono::seconds kCheck{1};

    std::condition_variable_any changed_{}; // NOLINT: the only one; tests/house_test.py refuses others
};

/// Waits for @p span, or until a stop request.
template <class Span> void pauseFor(const Span& span, const std::stop_token& stop)
{
    std::mutex mutex;
    Condition never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, span, [] { return false; });
}

} // namespace bm::platform
