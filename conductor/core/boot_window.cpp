#include "conductor/core/boot_window.h"

#include <algorithm>

namespace bm::conductor {

bool isWindowClosed(const db::AgentRecord& record)
{
    return !record.tokenSealed.empty() && record.lastContactAt.has_value();
}

bool askedAfterContact(const db::AgentRecord& record)
{
    return isWindowClosed(record) && record.scriptAskedAt && *record.scriptAskedAt > *record.lastContactAt;
}

std::chrono::milliseconds agentGoneAfter(const Settings& settings)
{
    constexpr std::chrono::milliseconds kGone{30'000};
    return std::min(kGone, settings.agentSilence / 2); // before its silence fails the step
}

bool hasRestarted(const db::AgentRecord& record, const Settings& settings, model::UtcTime now,
                  model::UtcTime engineStart)
{
    return askedAfterContact(record) &&
           now - std::max(*record.lastContactAt, engineStart) >= agentGoneAfter(settings);
}

} // namespace bm::conductor
