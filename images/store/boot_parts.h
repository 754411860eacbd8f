#pragma once
#include "common/model/deadline.h"
#include "images/base/byte_source.h"
#include "images/blocks/manifest.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::images {

/// A file name that tells @p parts from others: lower-case hex.
std::string partsName(const std::vector<ByteRange>& parts);
/// How long a file of @p parts is, padding included.
std::uint64_t bytesOf(const std::vector<ByteRange>& parts);
/// Makes @p file of stretches of the raw image, each padded with zeros to a multiple of four (as initrds that
/// follow one another have to be), every block verified; synced.
/// @throws Error ImageCorrupt (a part outside of the image), ChecksumMismatch, StoreFull, DeadlineExceeded
void writeParts(const ByteSource& blocks, const Manifest& manifest, const std::vector<ByteRange>& parts,
                const std::filesystem::path& file, const model::Deadline& deadline);

} // namespace bm::images
