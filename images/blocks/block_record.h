#pragma once
#include "images/blocks/manifest.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace bm::images {

/// A block on its way into a store: this head, then the frame. The agent that captures a disk sends them one
/// after another; the store keeps the heads beside the frames until the image is whole. Little endian: 32
/// bytes SHA-256 of the raw block, u32 length of the frame, u32 flags (bit 0: hole, no frame follows).
struct BlockRecord {
    Sha256 sha256{};
    std::uint32_t frameBytes = 0; ///< 0 for a hole
    bool hole = false;
};
inline constexpr std::size_t kBlockRecordBytes = 40;

std::array<std::byte, kBlockRecordBytes> toBytes(const BlockRecord& record);
/// Adds the record of a block that BlockWriter made, and its frame, to what is sent.
void appendRecord(std::string& records, const BlockEntry& entry, std::span<const std::byte> frame);
/// @throws Error InvalidInput: unknown flags, a frame longer than any block's, a hole with a frame
BlockRecord blockRecordFrom(std::span<const std::byte, kBlockRecordBytes> bytes);

/// The frame of @p rawBytes (at most kBlockBytes) zeros, as BlockWriter makes it, and their SHA-256.
struct ZeroBlock {
    std::vector<std::byte> frame;
    Sha256 sha256{};
};
ZeroBlock zeroBlock(std::uint64_t rawBytes);

} // namespace bm::images
