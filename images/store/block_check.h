#pragma once
#include "common/model/deadline.h"
#include "images/base/byte_source.h"
#include "images/blocks/manifest.h"

#include <cstdint>
#include <functional>

namespace bm::images {

/// Reads every frame of @p blocks, decompresses it and compares it with @p manifest; about 2 MiB are in
/// memory.
/// @param onProgress  called on this thread, a few times a second, with raw bytes done and to do
/// @throws Error ChecksumMismatch or ImageCorrupt naming the first block that is wrong (and how many are),
/// Aborted, DeadlineExceeded
void checkBlocks(const ByteSource& blocks, const Manifest& manifest,
                 const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
                 const model::Deadline& deadline);

} // namespace bm::images
