#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::agent {

/// XXH3-128 of bytes as this agent wrote them: guards against disks, not people.
struct BlockHash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    bool operator==(const BlockHash&) const = default;
};
BlockHash hashOf(std::span<const std::byte> bytes);

} // namespace bm::agent
