#pragma once
#include "images/base/byte_source.h"
#include "images/formats/formats.h"

#include <cstdint>

namespace bm::images {

struct InspectedDisk {
    std::uint64_t sizeBytes = 0;
    /// A qcow2 with lazy refcounts that was not closed: its data is whole, its reference counts are out of
    /// date. `qemu-img check` reports each of them as an error.
    bool staleCounts = false;
};

/// Checks a file of a foreign disk format with bm's own bounded parsers, before another tool reads it:
/// header, references to other files, declared size, tables within the file.
/// @param format  not Raw @param limitBytes  the largest accepted declared size
/// @throws Error ImageUnsupported (needs another file, or unknown features), ImageCorrupt, ImageTooLarge
InspectedDisk inspectDisk(DiskFormat format, const ByteSource& file, std::uint64_t limitBytes);

/// Checks the first bytes of a file whose rest has not arrived yet.
/// @throws as inspectDisk()
void inspectHead(DiskFormat format, std::span<const std::byte> head, std::uint64_t limitBytes);

} // namespace bm::images
