#pragma once
#include "agent/disk/block_device.h"
#include "agent/relay/dropped_frames.h"
#include "images/blocks/manifest.h"

#include <atomic>
#include <cstddef>
#include <vector>

namespace bm::agent {

/// The blocks that the disk has with the image's content. Thread-safe.
class WrittenBlocks {
public:
    explicit WrittenBlocks(std::size_t count) : flags_(count) {}
    void mark(std::size_t block) { flags_[block].store(true, std::memory_order_release); }
    bool holds(std::size_t block) const { return flags_[block].load(std::memory_order_acquire); }

private:
    std::vector<std::atomic<bool>> flags_;
};

/// Creates frames from a disk image's blocks on the disk: reads a block, compares it with the manifest, and
/// compresses it at a fast level.
class DiskFrames final : public DroppedFrames {
public:
    /// All borrowed.
    DiskFrames(const images::Manifest& manifest, const BlockDevice& device, const WrittenBlocks& written)
        : manifest_(manifest), device_(device), written_(written)
    {}
    Place placeOf(std::size_t block) const override
    {
        return written_.holds(block) ? Place::Here : Place::NotYet;
    }
    void beforeDrop(const StoredFrame&) override {} // the frame's block is written, or will be soon
    void restore(std::size_t block, FrameStore& store) override;

private:
    const images::Manifest& manifest_;
    const BlockDevice& device_;
    const WrittenBlocks& written_;
};

} // namespace bm::agent
