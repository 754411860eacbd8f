// Text forms of the enums of rollouts, each a table in the enum's order.
#include "common/model/fleet/rollout.h"

#include "common/text/enum_texts.h"

#include <array>

namespace bm::model {
namespace {

constexpr std::array<std::string_view, 7> kRolloutStates{"planned", "running", "paused", "aborting",
                                                         "done",    "failed",  "aborted"};
constexpr std::array<std::string_view, 11> kRolloutNodeStates{"planned",  "pending",  "draining",  "working",
                                                              "checking", "retrying", "restoring", "done",
                                                              "failed",   "skipped",  "aborted"};
constexpr std::array<std::string_view, 3> kPlanVerdicts{"write", "skip", "refuse"};

} // namespace

std::string_view toText(RolloutState state) noexcept
{
    return textOfEnum(kRolloutStates, state);
}

std::string_view toText(RolloutNodeState state) noexcept
{
    return textOfEnum(kRolloutNodeStates, state);
}

std::string_view toText(PlanVerdict verdict) noexcept
{
    return textOfEnum(kPlanVerdicts, verdict);
}

std::optional<RolloutState> rolloutStateFromText(std::string_view text) noexcept
{
    return enumFromText<RolloutState>(kRolloutStates, text);
}

std::optional<RolloutNodeState> rolloutNodeStateFromText(std::string_view text) noexcept
{
    return enumFromText<RolloutNodeState>(kRolloutNodeStates, text);
}

std::optional<PlanVerdict> planVerdictFromText(std::string_view text) noexcept
{
    return enumFromText<PlanVerdict>(kPlanVerdicts, text);
}

bool isOpen(RolloutState state) noexcept
{
    return state == RolloutState::Running || state == RolloutState::Paused || state == RolloutState::Aborting;
}

bool hasEnded(RolloutNodeState state) noexcept
{
    return state >= RolloutNodeState::Done;
}

} // namespace bm::model
