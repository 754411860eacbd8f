#pragma once
#include "common/platform/condition.h"

#include <deque>
#include <mutex>
#include <optional>

namespace bm::agent {

/// Passes values from producer threads to consumer threads. The producers bound its length: they take buffers
/// from a pool, which is another such queue, filled once. Thread-safe.
template <class T> class BoundedQueue {
public:
    /// Drops @p value after abort().
    void push(T value)
    {
        {
            const std::scoped_lock lock(mutex_);
            if (aborted_)
                return;
            values_.push_back(std::move(value));
        }
        changed_.notify_one();
    }
    /// Waits for a value. @return nothing after abort(), or when the queue is closed and empty
    std::optional<T> pop()
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return aborted_ || closed_ || !values_.empty(); });
        if (aborted_ || values_.empty())
            return std::nullopt;
        std::optional<T> value(std::move(values_.front()));
        values_.pop_front();
        return value;
    }
    /// Ends the input; consumers still get the queued values.
    void close()
    {
        {
            const std::scoped_lock lock(mutex_);
            closed_ = true;
        }
        changed_.notify_all();
    }
    /// Wakes all waiting threads; consumers get no further value.
    void abort()
    {
        {
            const std::scoped_lock lock(mutex_);
            aborted_ = true;
        }
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    platform::Condition changed_;
    std::deque<T> values_;
    bool closed_ = false;
    bool aborted_ = false;
};

} // namespace bm::agent
