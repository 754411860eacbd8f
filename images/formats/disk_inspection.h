#pragma once
#include "images/base/byte_source.h"
#include "images/formats/formats.h"

#include <cstdint>

namespace bm::images {

/// Reads what a file of a foreign disk format says of itself, by our own bounded parsers and before any tool
/// sees it: header, references, declared size, and that no table refers beyond the file's end.
/// @param format  not Raw @param limitBytes  the largest declared size that is taken
/// @return the disk's size in bytes
/// @throws Error ImageUnsupported (it needs another file, or is not understood), ImageCorrupt, ImageTooLarge
std::uint64_t inspectDisk(DiskFormat format, const ByteSource& file, std::uint64_t limitBytes);

/// As much of it as the file's first bytes can tell while the rest is still on its way.
/// @throws as inspectDisk()
void inspectHead(DiskFormat format, std::span<const std::byte> head, std::uint64_t limitBytes);

} // namespace bm::images
