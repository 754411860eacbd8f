// Text forms of the enums of schedules, each a table in the enum's order.
#include "common/model/fleet/schedule.h"

#include "common/text/enum_texts.h"

namespace bm::model {
namespace {

constexpr std::array<std::string_view, 2> kMissedRules{"skip", "once"};
constexpr std::array<std::string_view, 3> kOverlapRules{"skip", "queue", "replace"};
constexpr std::array<std::string_view, 7> kRunStates{"pending", "running", "done",   "partly",
                                                     "failed",  "skipped", "aborted"};
constexpr std::array<std::string_view, 3> kTriggers{"due", "missed", "manual"};

} // namespace

std::string_view toText(MissedRule rule) noexcept
{
    return textOfEnum(kMissedRules, rule);
}
std::string_view toText(OverlapRule rule) noexcept
{
    return textOfEnum(kOverlapRules, rule);
}
std::string_view toText(ScheduleRunState state) noexcept
{
    return textOfEnum(kRunStates, state);
}
std::string_view toText(ScheduleTrigger trigger) noexcept
{
    return textOfEnum(kTriggers, trigger);
}

std::optional<MissedRule> missedRuleFromText(std::string_view text) noexcept
{
    return enumFromText<MissedRule>(kMissedRules, text);
}
std::optional<OverlapRule> overlapRuleFromText(std::string_view text) noexcept
{
    return enumFromText<OverlapRule>(kOverlapRules, text);
}
std::optional<ScheduleRunState> scheduleRunStateFromText(std::string_view text) noexcept
{
    return enumFromText<ScheduleRunState>(kRunStates, text);
}
std::optional<ScheduleTrigger> scheduleTriggerFromText(std::string_view text) noexcept
{
    return enumFromText<ScheduleTrigger>(kTriggers, text);
}

} // namespace bm::model
