#pragma once
#include "agent/frames/frame_store.h"
#include "agent/relay/relay_server.h"
#include "images/blocks/manifest.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace bm::agent {

/// Makes frames again from blocks that are on the disk: reads, checks against the manifest, compresses
/// quickly, puts them into the store. One thread of its own; thread-safe.
class DiskFrames {
public:
    /// All borrowed.
    DiskFrames(const images::Manifest& manifest, FrameStore& store);
    ~DiskFrames();
    DiskFrames(const DiskFrames&) = delete;
    DiskFrames& operator=(const DiskFrames&) = delete;

    /// Returns once nobody reads from the disk before it.
    void use(DiskBlocks disk);
    /// It was on the disk, but is not any more (the partition table's blocks are changed at the end).
    bool isWrong(std::size_t block);
    /// Will be in the store soon. @return false when the disk does not hold it (or no longer the right bytes)
    bool ask(std::size_t block);

private:
    bool take(std::size_t& block, DiskBlocks& disk, const std::stop_token& stop);
    void run(const std::stop_token& stop);
    void make(std::size_t block, const DiskBlocks& disk);

    const images::Manifest& manifest_;
    FrameStore& store_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    DiskBlocks disk_;
    std::deque<std::size_t> asked_;
    std::set<std::size_t> wrong_; ///< not what the manifest says, or not readable
    bool reading_ = false;
    std::size_t readingBlock_ = 0;
    std::jthread thread_;
};

} // namespace bm::agent
