// Text forms of the small enums, each a table in the enum's order.
#include "common/model/image.h"
#include "common/model/operation.h"
#include "common/model/power.h"
#include "common/model/rollout.h"

#include <array>

namespace bm::model {
namespace {

constexpr std::array<std::string_view, 3> kPowerStates{"", "power off", "power on"};
constexpr std::array<std::string_view, 4> kPowerActions{"off", "on", "soft-off", "reset"};
constexpr std::array<std::string_view, 5> kPowerTargets{"power on", "power off", "rebooting",
                                                        "soft power off", "soft rebooting"};
constexpr std::array<std::string_view, 2> kBootDevices{"pxe", "disk"};
constexpr std::array<std::string_view, 2> kBootModes{"bios", "uefi"};
constexpr std::array<std::string_view, 4> kImageStates{"importing", "ready", "failed", "deleting"};
constexpr std::array<std::string_view, 5> kOperationStates{"queued", "running", "done", "failed", "aborted"};
constexpr std::array<std::string_view, 5> kOperationKinds{"verify", "clean", "deploy", "undeploy", "power"};
constexpr std::array<std::string_view, 7> kRolloutStates{"planned", "running", "paused", "aborting",
                                                         "done",    "failed",  "aborted"};
constexpr std::array<std::string_view, 11> kRolloutNodeStates{"planned",  "pending",  "draining",  "working",
                                                              "checking", "retrying", "restoring", "done",
                                                              "failed",   "skipped",  "aborted"};
constexpr std::array<std::string_view, 3> kPlanVerdicts{"write", "skip", "refuse"};
constexpr std::array<std::string_view, 6> kStepStates{"pending", "running", "waiting",
                                                      "done",    "failed",  "skipped"};

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

std::string_view toText(PowerState state) noexcept
{
    return textOf(kPowerStates, state);
}
std::string_view toText(PowerAction action) noexcept
{
    return textOf(kPowerActions, action);
}
std::string_view toText(PowerTarget target) noexcept
{
    return textOf(kPowerTargets, target);
}
std::string_view toText(BootDevice device) noexcept
{
    return textOf(kBootDevices, device);
}
std::string_view toText(BootMode mode) noexcept
{
    return textOf(kBootModes, mode);
}
std::string_view toText(ImageState state) noexcept
{
    return textOf(kImageStates, state);
}
std::string_view toText(OperationState state) noexcept
{
    return textOf(kOperationStates, state);
}
std::string_view toText(OperationKind kind) noexcept
{
    return textOf(kOperationKinds, kind);
}
std::string_view toText(StepState state) noexcept
{
    return textOf(kStepStates, state);
}
std::string_view toText(RolloutState state) noexcept
{
    return textOf(kRolloutStates, state);
}
std::string_view toText(RolloutNodeState state) noexcept
{
    return textOf(kRolloutNodeStates, state);
}
std::string_view toText(PlanVerdict verdict) noexcept
{
    return textOf(kPlanVerdicts, verdict);
}

std::optional<PowerState> powerStateFromText(std::string_view text) noexcept
{
    return fromText<PowerState>(kPowerStates, text);
}
std::optional<PowerTarget> powerTargetFromText(std::string_view text) noexcept
{
    return fromText<PowerTarget>(kPowerTargets, text);
}
std::optional<BootDevice> bootDeviceFromText(std::string_view text) noexcept
{
    return fromText<BootDevice>(kBootDevices, text);
}
std::optional<BootMode> bootModeFromText(std::string_view text) noexcept
{
    return fromText<BootMode>(kBootModes, text);
}
std::optional<ImageState> imageStateFromText(std::string_view text) noexcept
{
    return fromText<ImageState>(kImageStates, text);
}
std::optional<OperationState> operationStateFromText(std::string_view text) noexcept
{
    return fromText<OperationState>(kOperationStates, text);
}
std::optional<OperationKind> operationKindFromText(std::string_view text) noexcept
{
    return fromText<OperationKind>(kOperationKinds, text);
}
std::optional<StepState> stepStateFromText(std::string_view text) noexcept
{
    return fromText<StepState>(kStepStates, text);
}
std::optional<RolloutState> rolloutStateFromText(std::string_view text) noexcept
{
    return fromText<RolloutState>(kRolloutStates, text);
}
std::optional<RolloutNodeState> rolloutNodeStateFromText(std::string_view text) noexcept
{
    return fromText<RolloutNodeState>(kRolloutNodeStates, text);
}
std::optional<PlanVerdict> planVerdictFromText(std::string_view text) noexcept
{
    return fromText<PlanVerdict>(kPlanVerdicts, text);
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
