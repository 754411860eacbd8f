#pragma once
#include <cstdint>
#include <string_view>

namespace bm::conductor {

/// The proof that bm wants before it hands a configuration drive to an agent (security.config_drive).
enum class ConfigDriveLevel : std::uint8_t {
    Window, ///< any agent of the node's boot window
    Lease,  ///< an agent at the address that holds a live lease of the node's MAC address
    Proved, ///< a machine that its boot proves; nothing over PXE does
};

constexpr std::string_view toText(ConfigDriveLevel level)
{
    return level == ConfigDriveLevel::Window  ? "window"
           : level == ConfigDriveLevel::Lease ? "lease"
                                              : "proved";
}

} // namespace bm::conductor
