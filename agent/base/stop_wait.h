#pragma once
#include "common/model/error.h"
#include "common/platform/condition.h"

#include <chrono>
#include <mutex>
#include <stop_token>

namespace bm::agent {

/// Waits @p span. @throws Error Aborted as soon as @p stop is requested
inline void waitUnlessStopped(std::chrono::milliseconds span, const std::stop_token& stop)
{
    std::mutex mutex;
    platform::Condition never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, span, [] { return false; });
    if (stop.stop_requested())
        throw model::Error(model::ErrorCode::Aborted, "stopped");
}

/// @throws Error Aborted
inline void throwIfStopped(const std::stop_token& stop)
{
    if (stop.stop_requested())
        throw model::Error(model::ErrorCode::Aborted, "stopped");
}

} // namespace bm::agent
