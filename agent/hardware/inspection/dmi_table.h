#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace bm::agent {

/// MiB of the memory modules that the firmware's SMBIOS table lists (structures of type 17, DMTF DSP0134,
/// 7.18). @return nothing for a table without modules or an invalid one
/// @param table  /sys/firmware/dmi/tables/DMI
std::optional<std::uint64_t> installedMemoryMib(std::span<const std::byte> table);

} // namespace bm::agent
