#pragma once
#include "images/base/byte_source.h"

#include <cstdint>
#include <optional>
#include <span>

namespace bm::images {

/// The fields of a VHD that bm uses ("Virtual Hard Disk Image Format Specification" 1.0).
struct VhdHeader {
    bool dynamic = false;           ///< blocks with a table; otherwise the raw disk followed by the footer
    std::uint64_t virtualBytes = 0; ///< the current size in the footer
    std::uint64_t tableOffset = 0;  ///< of the block allocation table; dynamic only
    std::uint32_t tableEntries = 0;
    std::uint32_t blockBytes = 0;
};

inline constexpr std::size_t kVhdFooterBytes = 512;

/// Parses the last 512 bytes of a fixed VHD. @return nullopt when @p footer is not one. The disk before it
/// has @p diskBytes. @throws Error ImageUnsupported, ImageCorrupt (checksum, a size that does not match)
std::optional<VhdHeader> parseVhdFooter(std::span<const std::byte> footer, std::uint64_t diskBytes);

/// Parses a dynamic VHD: the copy of the footer at its begin, the dynamic header, the footer at its end.
/// Refuses differencing disks, which need their parent.
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge (more than @p limitBytes declared)
VhdHeader parseVhdHeader(const ByteSource& file, std::uint64_t limitBytes);

/// Refuses a dynamic VHD that ends before the blocks of its table. @throws Error ImageCorrupt
void checkVhdBlocks(const ByteSource& file, const VhdHeader& header);

} // namespace bm::images
