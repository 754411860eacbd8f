#pragma once
#include "images/base/byte_source.h"

#include <cstdint>

namespace bm::images {

/// The fields of a sparse VMDK extent that bm uses (VMware, "Virtual Disk Format 5.0").
struct VmdkHeader {
    std::uint64_t virtualBytes = 0;
    std::uint64_t grainBytes = 0;     ///< size of one grain (an entry in a grain table)
    std::uint32_t tableEntries = 0;   ///< per grain table
    std::uint64_t directoryBytes = 0; ///< position of the grain directory in the file
    bool compressed = false;          ///< a grain is a marker with a deflate stream
    bool zeroGrains = false;          ///< entry 1 reads as zeros
};

/// Reads header, footer and embedded descriptor before another tool reads the file. Refuses descriptors of
/// other files (capacity 0, flat and split extents), a parent, and compression other than deflate.
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge (more than @p limitBytes declared)
VmdkHeader parseVmdkHeader(const ByteSource& file, std::uint64_t limitBytes);

/// Refuses a file that ends before the grains of its tables: other tools read zeros there.
/// @throws Error ImageCorrupt
void checkVmdkGrains(const ByteSource& file, const VmdkHeader& header);

} // namespace bm::images
