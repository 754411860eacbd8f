#pragma once
#include "common/model/deadline.h"
#include "images/base/byte_source.h"
#include "images/blocks/manifest.h"

#include <cstdint>
#include <functional>

namespace bm::images {

/// Decompresses every frame of @p blocks and compares it with @p manifest. Needs about 2 MiB of memory.
/// @param onProgress  called on this thread, a few times a second, with raw bytes done and to do
/// @throws Error ChecksumMismatch or ImageCorrupt with the first damaged block and the number of damaged
///   blocks,
/// Aborted, DeadlineExceeded
void checkBlocks(const ByteSource& blocks, const Manifest& manifest,
                 const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                 const model::Deadline& deadline);

} // namespace bm::images
