#pragma once
#include "common/model/error.h"
#include "common/platform/condition.h"

#include <chrono>
#include <stop_token>

namespace bm::agent {

/// Waits @p span. @throws Error Aborted as soon as @p stop is requested
inline void waitUnlessStopped(std::chrono::milliseconds span, const std::stop_token& stop)
{
    platform::pauseFor(span, stop);
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
