// Text forms of the enums of schedules, each a table in the enum's order.
#include "common/model/schedule.h"

#include <array>

namespace bm::model {
namespace {

constexpr std::array<std::string_view, 2> kMissedRules{"skip", "once"};
constexpr std::array<std::string_view, 3> kOverlapRules{"skip", "queue", "replace"};
constexpr std::array<std::string_view, 7> kRunStates{"pending", "running", "done",   "partly",
                                                     "failed",  "skipped", "aborted"};
constexpr std::array<std::string_view, 3> kTriggers{"due", "missed", "manual"};

template <class Enum, std::size_t N>
std::optional<Enum> fromText(const std::array<std::string_view, N>& texts, std::string_view text)
{
    for (std::size_t i = 0; i < N; ++i)
        if (texts.at(i) == text)
            return static_cast<Enum>(i);
    return std::nullopt;
}

template <class Enum, std::size_t N>
std::string_view textOf(const std::array<std::string_view, N>& texts, Enum value)
{
    return texts.at(static_cast<std::size_t>(value));
}

} // namespace

std::string_view toText(MissedRule rule) noexcept
{
    return textOf(kMissedRules, rule);
}
std::string_view toText(OverlapRule rule) noexcept
{
    return textOf(kOverlapRules, rule);
}
std::string_view toText(ScheduleRunState state) noexcept
{
    return textOf(kRunStates, state);
}
std::string_view toText(ScheduleTrigger trigger) noexcept
{
    return textOf(kTriggers, trigger);
}

std::optional<MissedRule> missedRuleFromText(std::string_view text) noexcept
{
    return fromText<MissedRule>(kMissedRules, text);
}
std::optional<OverlapRule> overlapRuleFromText(std::string_view text) noexcept
{
    return fromText<OverlapRule>(kOverlapRules, text);
}
std::optional<ScheduleRunState> scheduleRunStateFromText(std::string_view text) noexcept
{
    return fromText<ScheduleRunState>(kRunStates, text);
}
std::optional<ScheduleTrigger> scheduleTriggerFromText(std::string_view text) noexcept
{
    return fromText<ScheduleTrigger>(kTriggers, text);
}

} // namespace bm::model
