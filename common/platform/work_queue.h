#pragma once
#include "common/platform/condition.h"

#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace bm::platform {

/// Work for the threads of a pool, first in, first out. Every member function is thread-safe.
template <class T> class WorkQueue {
public:
    void push(T item)
    {
        {
            const std::lock_guard lock(mutex_);
            items_.push_back(std::move(item));
        }
        came_.notify_one();
    }
    /// Waits for an item and removes it. Nothing after a stop request, even while items are left.
    std::optional<T> take(const std::stop_token& stop)
    {
        std::unique_lock lock(mutex_);
        if (!came_.wait(lock, stop, [this] { return !items_.empty(); }) || stop.stop_requested())
            return std::nullopt;
        T front = std::move(items_.front());
        items_.pop_front();
        return front;
    }
    std::size_t size() const
    {
        const std::lock_guard lock(mutex_);
        return items_.size();
    }
    /// Destroys the remaining items; call it after the threads have ended.
    void clear()
    {
        const std::lock_guard lock(mutex_);
        items_.clear();
    }

private:
    mutable std::mutex mutex_{};
    Condition came_{};
    std::deque<T> items_{};
};

/// Removes the front of @p queue, which @p mutex guards, as soon as there is one; nothing after a stop
/// request. For queues whose mutex guards more than the queue; else WorkQueue.
template <class T>
std::optional<T> takeFront(std::deque<T>& queue, std::mutex& mutex, Condition& came,
                           const std::stop_token& stop)
{
    std::unique_lock lock(mutex);
    if (!came.wait(lock, stop, [&] { return !queue.empty(); }))
        return std::nullopt;
    T front = std::move(queue.front());
    queue.pop_front();
    return front;
}

} // namespace bm::platform
