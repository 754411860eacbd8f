#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/progress_share.h"
#include "common/platform/exec.h"

#include <chrono>
#include <stop_token>

namespace bm::agent {

/// The tools for the erasure of one disk; borrowed.
struct EraseTools {
    platform::Exec& exec;
    AgentLog& log;
    ProgressShare& share;
    std::stop_token stop{};
    std::chrono::milliseconds poll{2000}; ///< interval of polling a device that erases itself
};

} // namespace bm::agent
