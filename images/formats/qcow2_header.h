#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::images {

/// What matters of a qcow2 header (QEMU docs/interop/qcow2.txt).
struct Qcow2Header {
    std::uint32_t version = 0;
    std::uint64_t virtualBytes = 0;
    std::uint32_t clusterBytes = 0;
    bool extendedL2 = false;    ///< 16 bytes per entry, subclusters
    std::uint64_t l1Offset = 0; ///< lies inside the file
    std::uint64_t l1Entries = 0;
};

/// Reads the header before any tool sees the file, and refuses what would make a tool look elsewhere or that
/// is not understood: backing file, external data file, encryption, internal snapshots, unknown incompatible
/// features.
/// @param head  the file's first bytes (kHeadBytes, or all of a shorter file)
/// @param fileBytes  the file's size @param limitBytes  the largest declared size that is taken
/// @throws Error ImageUnsupported, ImageCorrupt, ImageTooLarge
Qcow2Header parseQcow2Header(std::span<const std::byte> head, std::uint64_t fileBytes,
                             std::uint64_t limitBytes);

} // namespace bm::images
