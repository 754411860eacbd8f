#pragma once
#include "images/blocks/manifest.h"

#include <cstddef>
#include <memory>
#include <span>

namespace bm::images {

/// Turns frames back into raw blocks, trusting nobody: what does not hash to the manifest's SHA-256 is
/// refused. Keeps a decompression context (about 160 KiB); one per thread.
class BlockDecoder {
public:
    BlockDecoder();
    ~BlockDecoder();
    BlockDecoder(BlockDecoder&&) noexcept;
    BlockDecoder& operator=(BlockDecoder&&) noexcept;
    /// Decompresses @p frame into @p raw, which has exactly Manifest::rawLength() bytes (aligned as the
    /// caller wants: O_DIRECT). A frame that would give more or fewer bytes is refused; nothing is written
    /// past @p raw.
    /// @throws Error ImageCorrupt (no zstd frame, wrong length), ChecksumMismatch (other bytes than the
    /// manifest's)
    void decode(const BlockEntry& entry, std::span<const std::byte> frame, std::span<std::byte> raw);
    /// As decode() of any frame of the same block, not of the manifest's length: another node may have made
    /// it.
    void decodeAny(const BlockEntry& entry, std::span<const std::byte> frame, std::span<std::byte> raw);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// True where all of @p bytes is zero; stops at the first that is not.
bool isAllZero(std::span<const std::byte> bytes);

} // namespace bm::images
