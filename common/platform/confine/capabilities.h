#pragma once
#include <cstdint>

namespace bm::platform {

/// Linux's capabilities (capabilities(7)), one bit each.
using CapabilitySet = std::uint64_t;
inline constexpr CapabilitySet kNoCapabilities = 0;
inline constexpr CapabilitySet kAllCapabilities = ~CapabilitySet{0};

/// The set with one capability: capability(CAP_NET_RAW) of linux/capability.h.
constexpr CapabilitySet capability(unsigned number)
{
    return CapabilitySet{1} << number;
}

/// Reduces this thread's capabilities to those of @p kept that it has, and passes them on to the programs
/// that it executes. No program gives it more: no_new_privs, the bounding set. kAllCapabilities changes
/// nothing. Async-signal-safe.
/// @return false with errno when the kernel refuses
bool keepCapabilities(CapabilitySet kept) noexcept;

} // namespace bm::platform
