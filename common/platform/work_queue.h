#pragma once
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

namespace bm::platform {

/// The front of @p queue, which @p mutex guards, as soon as there is one: @p came is told when one is added.
/// Nothing once @p stop is asked for. For the threads of a pool.
template <class T>
std::optional<T> takeFront(std::deque<T>& queue, std::mutex& mutex, std::condition_variable_any& came,
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
