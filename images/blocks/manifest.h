#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bm::images {

inline constexpr std::uint64_t kBlockBytes = std::uint64_t{1} << 20U;

using Sha256 = std::array<std::uint8_t, 32>;

/// One MiB of the raw image (the last block may be shorter). A hole is all zero. Readers skip it, but the
/// file has a frame for it (a few bytes), so that any `zstd -d` restores the whole image.
struct BlockEntry {
    Sha256 sha256{};          ///< of the raw block
    std::uint64_t offset = 0; ///< of its zstd frame in the .zst file
    std::uint32_t length = 0; ///< of the frame
    bool hole = false;
};

/// Index of a stored image: the frame of each MiB. Binary file, little endian:
/// @"BMMANIF1", u32 version = 1, u32 block bytes, u64 raw size, u64 stored size, u64 block count; per block
///   32 bytes SHA-256, u64 offset, u32 length, u32 flags (bit 0: hole); finally the SHA-256 of all preceding
///   bytes.
struct Manifest {
    std::uint64_t sizeBytes = 0;
    std::uint64_t storedBytes = 0;
    std::vector<BlockEntry> blocks;

    std::uint64_t rawLength(std::size_t block) const; ///< kBlockBytes, except for the last block
    std::uint64_t dataBytes() const;                  ///< raw bytes outside holes
    /// Lower-case hex of the SHA-256 over raw size and all block hashes. Images with identical bytes have
    /// equal ids.
    std::string contentId() const;
};

std::string serialise(const Manifest& manifest);
/// Bounded. Refuses inconsistent sizes, frames outside the file, and counts beyond the length of the text.
/// @throws Error ImageCorrupt
Manifest parseManifest(std::span<const std::byte> bytes);

} // namespace bm::images
