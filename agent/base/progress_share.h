#pragma once
#include "agent/base/step_progress.h"

#include <algorithm>
#include <cstdint>

namespace bm::agent {

/// One disk's part of a step's progress. It never decreases: when one method fails and another starts over,
/// no byte counts twice. One thread.
class ProgressShare {
public:
    /// @param bytes  size of the whole part
    ProgressShare(StepProgress& progress, std::uint64_t bytes) : progress_(progress), bytes_(bytes) {}

    std::uint64_t bytes() const { return bytes_; }
    /// Reports @p done of @p all (at least 1), in any unit.
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
