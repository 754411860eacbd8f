#pragma once
#include "images/blocks/manifest.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace bm::images {

/// A block in transfer to a store: this header, then the frame. An agent that captures a disk sends one
/// record after another. The store keeps the headers beside the frames until the capture is complete. Little
/// endian: 32 bytes SHA-256 of the raw block, u32 length of the frame, u32 flags (bit 0: hole, no frame
/// follows).
struct BlockRecord {
    Sha256 sha256{};
    std::uint32_t frameBytes = 0; ///< 0 for a hole
    bool hole = false;
};
inline constexpr std::size_t kBlockRecordBytes = 40;

std::array<std::byte, kBlockRecordBytes> toBytes(const BlockRecord& record);
/// Appends the record of a block from BlockWriter, and its frame, to @p records.
void appendRecord(std::string& records, const BlockEntry& entry, std::span<const std::byte> frame);
/// @throws Error InvalidInput: unknown flags, a frame longer than a block allows, a hole with a frame
BlockRecord blockRecordFrom(std::span<const std::byte, kBlockRecordBytes> bytes);

/// The frame of @p rawBytes (at most kBlockBytes) zeros, as BlockWriter makes it, and their SHA-256.
struct ZeroBlock {
    std::vector<std::byte> frame;
    Sha256 sha256{};
};
ZeroBlock zeroBlock(std::uint64_t rawBytes);

} // namespace bm::images
