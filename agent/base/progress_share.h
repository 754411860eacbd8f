#pragma once
#include "agent/base/step_progress.h"

#include <algorithm>
#include <cstdint>

namespace bm::agent {

/// One disk's part of a step's progress. Only grows: a method that fails and another that begins anew do not
/// count twice. One thread.
class ProgressShare {
public:
    /// @param bytes  of the whole part
    ProgressShare(StepProgress& progress, std::uint64_t bytes) : progress_(progress), bytes_(bytes) {}

    std::uint64_t bytes() const { return bytes_; }
    /// @p done of @p all (at least 1), in whatever unit
    void reach(std::uint64_t done, std::uint64_t all)
    {
        const double part = std::min(static_cast<double>(done) / static_cast<double>(all), 1.0);
        const auto now = std::min(static_cast<std::uint64_t>(part * static_cast<double>(bytes_)), bytes_);
        if (now > told_) {
            progress_.add(now - told_);
            told_ = now;
        }
    }
    void finish() { reach(1, 1); }

private:
    StepProgress& progress_;
    std::uint64_t bytes_;
    std::uint64_t told_ = 0;
};

} // namespace bm::agent
