#pragma once
#include "images/base/byte_source.h"

#include <cstdint>

namespace bm::images {

/// What matters of a VHDX (MS-VHDX 8.0).
struct VhdxHeader {
    std::uint64_t virtualBytes = 0;
    std::uint32_t blockBytes = 0;
    std::uint32_t sectorBytes = 0;
    std::uint64_t tableOffset = 0; ///< of the block allocation table
    std::uint64_t tableBytes = 0;
};

/// Reads headers, region table and metadata before any tool sees the file, and refuses what would make a tool
/// look elsewhere, write, or that is not understood: a parent, a log to be replayed, unknown parts that are
/// required, sectors of other than 512 bytes.
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge (more than @p limitBytes declared)
VhdxHeader parseVhdxHeader(const ByteSource& file, std::uint64_t limitBytes);

/// Refuses a file that ends before the blocks that its table refers to. @throws Error ImageCorrupt
void checkVhdxBlocks(const ByteSource& file, const VhdxHeader& header);

} // namespace bm::images
