#pragma once
#include "images/base/byte_source.h"

#include <cstdint>

namespace bm::images {

/// What matters of a sparse VMDK extent (VMware, "Virtual Disk Format 5.0").
struct VmdkHeader {
    std::uint64_t virtualBytes = 0;
    std::uint64_t grainBytes = 0;     ///< of one entry in a grain table
    std::uint32_t tableEntries = 0;   ///< per grain table
    std::uint64_t directoryBytes = 0; ///< where the grain directory is in the file
    bool compressed = false;          ///< grains are markers with a deflate stream
    bool zeroGrains = false;          ///< entry 1 reads as zeros
};

/// Reads header, footer and embedded descriptor before any tool sees the file, and refuses what would make a
/// tool look elsewhere or that is not understood: a descriptor that stands for other files (capacity 0, flat
/// and split extents), a parent, other compressions than deflate.
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge (more than @p limitBytes declared)
VmdkHeader parseVmdkHeader(const ByteSource& file, std::uint64_t limitBytes);

/// Refuses a file that ends before the grains that its tables refer to: tools read zeros there.
/// @throws Error ImageCorrupt
void checkVmdkGrains(const ByteSource& file, const VmdkHeader& header);

} // namespace bm::images
