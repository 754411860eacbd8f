#pragma once
#include "agent/frames/frame_store.h"

#include <cstddef>
#include <cstdint>

namespace bm::agent {

/// Restores frames that the store has dropped from memory, for downstream nodes.
class DroppedFrames {
public:
    enum class Place : std::uint8_t {
        NotYet, ///< the block may still arrive, or is in memory
        Here,   ///< restore() can load it
        Gone    ///< this node can no longer serve it
    };
    DroppedFrames() = default;
    virtual ~DroppedFrames() = default;
    DroppedFrames(const DroppedFrames&) = delete;
    DroppedFrames& operator=(const DroppedFrames&) = delete;

    /// Thread-safe.
    virtual Place placeOf(std::size_t block) const = 0;
    /// Announces that the store is about to drop @p frame. Thread-safe.
    virtual void beforeDrop(const StoredFrame& frame) = 0;
    /// Adds a frame of @p block to @p store. One thread.
    /// @throws Error DiskFailed, ChecksumMismatch: the disk does not hold the right bytes
    virtual void restore(std::size_t block, FrameStore& store) = 0;
};

} // namespace bm::agent
