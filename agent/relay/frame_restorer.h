#pragma once
#include "agent/frames/frame_store.h"
#include "agent/relay/dropped_frames.h"
#include "common/platform/condition.h"

#include <cstddef>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace bm::agent {

/// Restores dropped frames to the store when a node requests them, on a thread of its own. Thread-safe.
class FrameRestorer {
public:
    /// Borrowed.
    explicit FrameRestorer(FrameStore& store);
    ~FrameRestorer();
    FrameRestorer(const FrameRestorer&) = delete;
    FrameRestorer& operator=(const FrameRestorer&) = delete;

    /// Sets the source of dropped frames (borrowed; null: none). Returns when the thread no longer uses the
    /// previous source.
    void use(DroppedFrames* frames);
    /// True if the disk no longer has the block (the end of a copy changes the partition table's blocks), or
    /// cannot read it.
    bool isWrong(std::size_t block);
    /// restore() cannot load it.
    bool isGone(std::size_t block);
    /// Requests a frame for the store. @return false when this node cannot serve the block, or not yet
    bool ask(std::size_t block);

private:
    DroppedFrames* take(std::size_t& block, const std::stop_token& stop);
    void run(const std::stop_token& stop);

    FrameStore& store_;
    std::mutex mutex_;
    platform::Condition changed_;
    DroppedFrames* frames_ = nullptr;
    std::deque<std::size_t> asked_;
    std::set<std::size_t> wrong_;
    bool restoring_ = false;
    std::size_t restoredBlock_ = 0;
    std::jthread thread_;
};

} // namespace bm::agent
