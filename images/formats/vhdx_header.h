#pragma once
#include "images/base/byte_source.h"

#include <cstdint>

namespace bm::images {

/// The fields of a VHDX that bm uses (MS-VHDX 8.0).
struct VhdxHeader {
    std::uint64_t virtualBytes = 0;
    std::uint32_t blockBytes = 0;
    std::uint32_t sectorBytes = 0;
    std::uint64_t tableOffset = 0; ///< of the block allocation table
    std::uint64_t tableBytes = 0;
};

/// Reads headers, region table and metadata before another tool reads the file. Refuses what refers to other
/// files, needs a write, or is unknown: a parent, a log to be replayed, unknown required parts, sectors of
/// other than 512 bytes.
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge (more than @p limitBytes declared)
VhdxHeader parseVhdxHeader(const ByteSource& file, std::uint64_t limitBytes);

/// Refuses a file that ends before the blocks of its table. @throws Error ImageCorrupt
void checkVhdxBlocks(const ByteSource& file, const VhdxHeader& header);

} // namespace bm::images
