#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace bm::images {

/// How far the partition table at an image's begin says that the image reaches.
struct PartitionExtent {
    std::string_view kind;        ///< "GPT", "MBR"; "" where there is none
    std::uint64_t leastBytes = 0; ///< a shorter image is cut off; 0: not known
};

/// @p head: the first 8 KiB or more (less: none is found). Trusts nothing: nonsense counts as no table.
PartitionExtent partitionExtent(std::span<const std::byte> head) noexcept;

} // namespace bm::images
