#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::agent {

/// XXH3-128 of the bytes that this agent wrote. Detects faults of a disk, not an attacker's changes.
struct BlockHash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const BlockHash&) const = default;
};
BlockHash hashOf(std::span<const std::byte> bytes);

} // namespace bm::agent
