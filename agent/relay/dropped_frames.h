#pragma once
#include "agent/frames/frame_store.h"

#include <cstddef>
#include <cstdint>

namespace bm::agent {

/// Brings frames back that the store dropped from memory, for the nodes behind this one.
class DroppedFrames {
public:
    enum class Place : std::uint8_t {
        NotYet, ///< the block may still come, or is in memory
        Here,   ///< restore() brings it back
        Gone    ///< this node cannot serve it any more
    };
    DroppedFrames() = default;
    virtual ~DroppedFrames() = default;
    DroppedFrames(const DroppedFrames&) = delete;
    DroppedFrames& operator=(const DroppedFrames&) = delete;

    /// Thread-safe.
    virtual Place placeOf(std::size_t block) const = 0;
    /// The store drops @p frame next. Thread-safe.
    virtual void beforeDrop(const StoredFrame& frame) = 0;
    /// Puts a frame of @p block into @p store. One thread.
    /// @throws Error DiskFailed, ChecksumMismatch: the disk does not hold the right bytes
    virtual void restore(std::size_t block, FrameStore& store) = 0;
};

} // namespace bm::agent
