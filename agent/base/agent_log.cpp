#include "agent/base/agent_log.h"

#include "common/platform/log.h"

#include <algorithm>

namespace bm::agent {

void AgentLog::info(std::string_view line)
{
    platform::logLine(platform::LogLevel::Info, "agent", line);
    keep(line);
}

void AgentLog::warning(std::string_view line)
{
    platform::logLine(platform::LogLevel::Warning, "agent", line);
    keep(line);
}

void AgentLog::keep(std::string_view line)
{
    const std::scoped_lock lock(mutex_);
    kept_.append(line).append("\n");
    if (kept_.size() <= kTailBytes)
        return;
    const std::size_t excess = kept_.size() - kTailBytes;
    const std::size_t cut = std::min(kept_.find('\n', excess), kept_.size() - 1) + 1;
    kept_.erase(0, cut);
    lost_ += cut;
}

std::string AgentLog::tail()
{
    const std::scoped_lock lock(mutex_);
    lost_ = 0;
    return kept_;
}

void AgentLog::drop(std::size_t bytes)
{
    const std::scoped_lock lock(mutex_);
    kept_.erase(0, bytes - std::min(bytes, lost_));
    lost_ = 0;
}

} // namespace bm::agent
