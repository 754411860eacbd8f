#pragma once
#include "images/blocks/manifest.h"

#include <cstddef>
#include <memory>
#include <span>

namespace bm::images {

/// Decompresses frames into raw blocks and verifies each: it refuses a block whose SHA-256 differs from the
/// manifest's. Holds a decompression context (about 160 KiB); use one per thread.
class BlockDecoder {
public:
    BlockDecoder();
    ~BlockDecoder();
    BlockDecoder(BlockDecoder&&) noexcept;
    BlockDecoder& operator=(BlockDecoder&&) noexcept;
    /// Decompresses @p frame into @p raw, whose length is Manifest::rawLength() (the caller aligns it for
    /// O_DIRECT). Refuses a frame that yields more or fewer bytes, and never writes beyond @p raw.
    /// @throws Error ImageCorrupt (not a zstd frame, wrong length), ChecksumMismatch (SHA-256 differs)
    void decode(const BlockEntry& entry, std::span<const std::byte> frame, std::span<std::byte> raw);
    /// As decode(), for a frame of any length: another node may have compressed the block.
    void decodeAny(const BlockEntry& entry, std::span<const std::byte> frame, std::span<std::byte> raw);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// True if all of @p bytes is zero. Stops at the first nonzero word.
bool isAllZero(std::span<const std::byte> bytes);

} // namespace bm::images
