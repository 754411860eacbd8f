#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::model {

enum class PowerState : std::uint8_t { Unknown, Off, On };
/// A command to a BMC. There is no cycle: a step switches off, waits for "off", switches on.
enum class PowerAction : std::uint8_t { Off, On, SoftOff, Reset };
/// An operator's request (Ironic's targets); a step turns it into commands.
enum class PowerTarget : std::uint8_t { On, Off, Reboot, SoftOff, SoftReboot };
enum class BootDevice : std::uint8_t { Pxe, Disk, Cdrom, Bios, Safe };
enum class BootMode : std::uint8_t { Bios, Uefi };

/// Ironic's texts: "power on", "power off"; Unknown is "" (null on the wire).
std::string_view toText(PowerState state) noexcept;
std::string_view toText(PowerAction action) noexcept;
std::string_view toText(PowerTarget target) noexcept;
std::string_view toText(BootDevice device) noexcept;
std::string_view toText(BootMode mode) noexcept;
std::optional<PowerState> powerStateFromText(std::string_view text) noexcept;
/// Ironic's: "power on", "power off", "rebooting", "soft power off", "soft rebooting".
std::optional<PowerTarget> powerTargetFromText(std::string_view text) noexcept;
std::optional<BootDevice> bootDeviceFromText(std::string_view text) noexcept;
std::optional<BootMode> bootModeFromText(std::string_view text) noexcept;

} // namespace bm::model
