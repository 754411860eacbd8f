#pragma once
#include "images/base/byte_source.h"

#include <cstdint>
#include <optional>
#include <span>

namespace bm::images {

/// What matters of a VHD ("Virtual Hard Disk Image Format Specification" 1.0).
struct VhdHeader {
    bool dynamic = false;           ///< blocks by a table; else the raw disk, then the footer
    std::uint64_t virtualBytes = 0; ///< the footer's current size
    std::uint64_t tableOffset = 0;  ///< of the block allocation table; dynamic only
    std::uint32_t tableEntries = 0;
    std::uint32_t blockBytes = 0;
};

inline constexpr std::size_t kVhdFooterBytes = 512;

/// The 512 bytes at a fixed VHD's end. Nothing where @p footer is none; the disk before it has
/// @p diskBytes. @throws Error ImageUnsupported, ImageCorrupt (checksum, a size that does not fit)
std::optional<VhdHeader> parseVhdFooter(std::span<const std::byte> footer, std::uint64_t diskBytes);

/// A dynamic VHD: the copy of the footer at its begin, the dynamic header, the footer at its end. Refuses
/// differencing disks (they have a parent).
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge (more than @p limitBytes declared)
VhdHeader parseVhdHeader(const ByteSource& file, std::uint64_t limitBytes);

/// Refuses a dynamic VHD that ends before the blocks that its table refers to. @throws Error ImageCorrupt
void checkVhdBlocks(const ByteSource& file, const VhdHeader& header);

} // namespace bm::images
