#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bm::images {

/// The size of an image that its partition table requires.
struct PartitionExtent {
    std::string_view kind;        ///< "GPT", "MBR"; "" without a table
    std::uint64_t leastBytes = 0; ///< a shorter image is truncated; 0: unknown
};

/// @p head: the first 8 KiB or more; a shorter head yields no table. Implausible values count as no table.
PartitionExtent partitionExtent(std::span<const std::byte> head) noexcept;

} // namespace bm::images
