#pragma once
#include "images/base/byte_source.h"

#include <cstdint>

namespace bm::images {

/// The disk's properties in the metadata of a VHDX (MS-VHDX 2.6). All values but the size are checked.
struct VhdxMetadata {
    std::uint64_t virtualBytes = 0;
    std::uint32_t blockBytes = 0; ///< a power of two, 1 to 256 MiB
    std::uint32_t sectorBytes = 0;
};

/// @param offset,bytes  the metadata region, within the file
/// @throws Error ImageUnsupported (a parent, unknown required items, other sectors than 512), ImageCorrupt
VhdxMetadata parseVhdxMetadata(const ByteSource& file, std::uint64_t offset, std::uint64_t bytes);

} // namespace bm::images
