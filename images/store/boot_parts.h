#pragma once
#include "common/model/deadline.h"
#include "images/base/byte_source.h"
#include "images/blocks/manifest.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::images {

/// A file name that identifies @p parts: lower-case hex.
std::string partsName(const std::vector<ByteRange>& parts);
/// The length of a file of @p parts, with padding.
std::uint64_t bytesOf(const std::vector<ByteRange>& parts);
/// Writes parts of the raw image to @p file and syncs it. Verifies every block. Pads each part with zeros to
/// a multiple of four, because concatenated initrds need it.
/// @throws Error ImageCorrupt (a part outside the image), ChecksumMismatch, StoreFull, DeadlineExceeded
void writeParts(const ByteSource& blocks, const Manifest& manifest, const std::vector<ByteRange>& parts,
                const std::filesystem::path& file, const model::Deadline& deadline);

} // namespace bm::images
