#include "agent/base/progress_watch.h"

#include <fmt/format.h>

namespace bm::agent {

std::string ProgressWatch::look(const std::string& id, std::uint64_t bytesDone, const std::string& activity,
                                Time now)
{
    if (id != id_ || bytesDone != bytesDone_ || activity != activity_) {
        id_ = id;
        bytesDone_ = bytesDone;
        activity_ = activity;
        since_ = now;
        next_ = std::chrono::minutes{1};
        return {};
    }
    if (now - since_ < next_)
        return {};
    next_ *= 2;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - since_).count();
    return fmt::format("no progress for {} s at {} MiB{}{}", seconds, bytesDone >> 20U,
                       activity.empty() ? "" : ": ", activity);
}

} // namespace bm::agent
