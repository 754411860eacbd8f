#pragma once
#include "agent/frames/frame_store.h"
#include "agent/relay/dropped_frames.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <set>
#include <thread>

namespace bm::agent {

/// Brings dropped frames back into the store when a node wants them, on a thread of its own. Thread-safe.
class FrameRestorer {
public:
    /// Borrowed.
    explicit FrameRestorer(FrameStore& store);
    ~FrameRestorer();
    FrameRestorer(const FrameRestorer&) = delete;
    FrameRestorer& operator=(const FrameRestorer&) = delete;

    /// Borrowed; null: from nowhere. Returns once the thread no longer uses the ones before.
    void use(DroppedFrames* frames);
    /// The disk held the block, but does no longer (the end of a copy changes the partition table's blocks),
    /// or does not give it back.
    bool isWrong(std::size_t block);
    /// No restore() brings it back.
    bool isGone(std::size_t block);
    /// Will be in the store soon. @return false when it is not to be had, or not yet
    bool ask(std::size_t block);

private:
    DroppedFrames* take(std::size_t& block, const std::stop_token& stop);
    void run(const std::stop_token& stop);

    FrameStore& store_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    DroppedFrames* frames_ = nullptr;
    std::deque<std::size_t> asked_;
    std::set<std::size_t> wrong_;
    bool restoring_ = false;
    std::size_t restoredBlock_ = 0;
    std::jthread thread_;
};

} // namespace bm::agent
