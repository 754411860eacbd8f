#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::images {

/// The fields of a qcow2 header that bm uses (QEMU docs/interop/qcow2.txt).
struct Qcow2Header {
    std::uint32_t version = 0;
    std::uint64_t virtualBytes = 0;
    std::uint32_t clusterBytes = 0;
    bool extendedL2 = false;    ///< 16 bytes per entry, subclusters
    bool dirty = false;         ///< not closed; with lazy refcounts, so the reference counts are out of date
    std::uint64_t l1Offset = 0; ///< within the file
    std::uint64_t l1Entries = 0;
};

/// Reads the header before another tool reads the file. Refuses features that refer to other files or are
/// unknown: backing file, external data file, encryption, internal snapshots, unknown incompatible features.
/// @param head  the file's first bytes (kHeadBytes, or all of a shorter file)
/// @param fileBytes  the file's size @param limitBytes  the largest accepted declared size
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge
Qcow2Header parseQcow2Header(std::span<const std::byte> head, std::uint64_t fileBytes,
                             std::uint64_t limitBytes);

} // namespace bm::images
