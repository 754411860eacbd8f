// Text forms of the small enums, each a table in the enum's order.
#include "common/model/grant.h"
#include "common/model/image.h"
#include "common/model/operation.h"
#include "common/model/power.h"
#include "common/text/enum_texts.h"

namespace bm::model {
namespace {

constexpr std::array<std::string_view, 4> kRoles{"reader", "member", "manager", "admin"};
constexpr std::array<std::string_view, 3> kPowerStates{"", "power off", "power on"};
constexpr std::array<std::string_view, 4> kPowerActions{"off", "on", "soft-off", "reset"};
constexpr std::array<std::string_view, 5> kPowerTargets{"power on", "power off", "rebooting",
                                                        "soft power off", "soft rebooting"};
constexpr std::array<std::string_view, 5> kBootDevices{"pxe", "disk", "cdrom", "bios", "safe"};
constexpr std::array<std::string_view, 2> kBootModes{"bios", "uefi"};
constexpr std::array<std::string_view, 3> kImageKinds{"disk", "tree", "ramdisk"};
constexpr std::array<std::string_view, 2> kImageVisibilities{"public", "project"};
constexpr std::array<std::string_view, 5> kImageStates{"importing", "ready", "failed", "deleting", "broken"};
constexpr std::array<std::string_view, 5> kOperationStates{"queued", "running", "done", "failed", "aborted"};
constexpr std::array<std::string_view, 6> kStepStates{"pending", "running", "waiting",
                                                      "done",    "failed",  "skipped"};

} // namespace

std::string_view toText(PowerState state) noexcept
{
    return textOfEnum(kPowerStates, state);
}
std::string_view toText(PowerAction action) noexcept
{
    return textOfEnum(kPowerActions, action);
}
std::string_view toText(PowerTarget target) noexcept
{
    return textOfEnum(kPowerTargets, target);
}
std::string_view toText(BootDevice device) noexcept
{
    return textOfEnum(kBootDevices, device);
}
std::string_view toText(BootMode mode) noexcept
{
    return textOfEnum(kBootModes, mode);
}
std::string_view toText(ImageKind kind) noexcept
{
    return textOfEnum(kImageKinds, kind);
}

std::string_view toText(ImageVisibility visibility) noexcept
{
    return textOfEnum(kImageVisibilities, visibility);
}
std::string_view toText(ImageState state) noexcept
{
    return textOfEnum(kImageStates, state);
}
std::string_view toText(OperationState state) noexcept
{
    return textOfEnum(kOperationStates, state);
}
std::string_view toText(StepState state) noexcept
{
    return textOfEnum(kStepStates, state);
}

std::string_view toText(Role role) noexcept
{
    return textOfEnum(kRoles, role);
}
std::optional<Role> roleFromText(std::string_view text) noexcept
{
    return enumFromText<Role>(kRoles, text);
}
std::optional<PowerState> powerStateFromText(std::string_view text) noexcept
{
    return enumFromText<PowerState>(kPowerStates, text);
}
std::optional<PowerTarget> powerTargetFromText(std::string_view text) noexcept
{
    return enumFromText<PowerTarget>(kPowerTargets, text);
}
std::optional<BootDevice> bootDeviceFromText(std::string_view text) noexcept
{
    return enumFromText<BootDevice>(kBootDevices, text);
}
std::optional<BootMode> bootModeFromText(std::string_view text) noexcept
{
    return enumFromText<BootMode>(kBootModes, text);
}
std::optional<ImageKind> imageKindFromText(std::string_view text) noexcept
{
    return enumFromText<ImageKind>(kImageKinds, text);
}

std::optional<ImageVisibility> imageVisibilityFromText(std::string_view text) noexcept
{
    return enumFromText<ImageVisibility>(kImageVisibilities, text);
}
std::optional<ImageState> imageStateFromText(std::string_view text) noexcept
{
    return enumFromText<ImageState>(kImageStates, text);
}
std::optional<OperationState> operationStateFromText(std::string_view text) noexcept
{
    return enumFromText<OperationState>(kOperationStates, text);
}
std::optional<StepState> stepStateFromText(std::string_view text) noexcept
{
    return enumFromText<StepState>(kStepStates, text);
}

} // namespace bm::model
