#pragma once
#include "images/base/byte_source.h"

#include <cstdint>

namespace bm::images {

/// Checks the descriptor text inside a sparse VMDK. Refuses it unless it describes this single file
/// (monolithicSparse, streamOptimized) without a parent. Also checks the sectors where qemu reads a
/// descriptor, whatever the header says.
/// @param sector  its first sector @param sectors  its length; 0: no descriptor
/// @throws Error ImageUnsupported, ImageCorrupt
void checkVmdkDescriptor(const ByteSource& file, std::uint64_t sector, std::uint64_t sectors);

} // namespace bm::images
