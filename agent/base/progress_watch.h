#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace bm::agent {

/// Notices a step that makes no progress. One thread.
class ProgressWatch {
public:
    using Time = std::chrono::steady_clock::time_point;
    /// Call it at every report of the running step @p id. @p bytesDone and @p activity are its progress.
    /// @return a text for the log, one minute after the last progress and then after 2, 4, 8 ... minutes;
    /// else empty
    std::string look(const std::string& id, std::uint64_t bytesDone, const std::string& activity, Time now);
    /// Call it while no step is running.
    void forget() { id_.clear(); }

private:
    std::string id_;
    std::uint64_t bytesDone_ = 0;
    std::string activity_;
    Time since_{};
    std::chrono::minutes next_{1};
};

} // namespace bm::agent
