#include "agent/relay/disk_frames.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"
#include "images/blocks/block_encoder.h"
#include "images/blocks/digest.h"

#include <cstring>

namespace bm::agent {

namespace {

constexpr int kQuickLevel = 1;

} // namespace

void DiskFrames::restore(std::size_t block, FrameStore& store)
{
    const AlignedBuffer raw(images::kBlockBytes);
    const std::uint64_t sector = device_.sectorBytes();
    const std::uint64_t length = manifest_.rawLength(block);
    device_.read(block * images::kBlockBytes, raw.first((length + sector - 1) / sector * sector));
    const std::span<const std::byte> bytes = raw.first(length);
    if (images::sha256(bytes) != manifest_.blocks[block].sha256)
        throw model::Error(model::ErrorCode::ChecksumMismatch, "the disk has other bytes in this block");
    const AlignedBuffer room(images::BlockEncoder::bound(bytes.size()));
    images::BlockEncoder encoder(kQuickLevel);
    store.addWhole(block, room.first(encoder.encode(bytes, room.bytes())), false);
}

} // namespace bm::agent
