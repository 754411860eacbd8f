#pragma once
#include "images/base/byte_source.h"

#include <cstdint>

namespace bm::images {

/// The text inside a sparse VMDK that says what it is made of: refused unless it is of this one file
/// (monolithicSparse, streamOptimized) and without a parent. Also looked at is the place where qemu looks,
/// whatever the header says.
/// @param sector  where it begins @param sectors  its length; 0: there is none
/// @throws Error ImageUnsupported, ImageCorrupt
void checkVmdkDescriptor(const ByteSource& file, std::uint64_t sector, std::uint64_t sectors);

} // namespace bm::images
