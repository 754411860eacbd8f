#pragma once
#include "agent/base/block_hash.h"
#include "agent/base/step_progress.h"
#include "agent/disk/block_device.h"
#include "common/platform/condition.h"
#include "images/blocks/manifest.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

namespace bm::agent {

/// Reads the image back during the copy and compares it. About every half second it flushes the disk's cache;
/// it then reads the flushed blocks while no block waits to be written. So a copy that is limited by the
/// network has little left to read at the end, and a copy that is limited by the disk loses no time. Holes
/// must be zero. Runs two threads with one block of memory each. Thread-safe.
class ReadBack {
public:
    /// All borrowed.
    struct Parts {
        const images::Manifest& manifest;
        BlockDevice& device;
        const std::vector<BlockHash>& hashes; ///< has a block's hash before wrote() or onDisk()
        StepProgress& progress;
    };
    /// Calls @p onFailure once, on one of its threads, when the first block differs, so that the caller stops
    /// writing.
    ReadBack(const Parts& parts, std::function<void()> onFailure);
    ~ReadBack();
    ReadBack(const ReadBack&) = delete;
    ReadBack& operator=(const ReadBack&) = delete;

    /// Announces a write, which has priority on the disk. Call wrote() afterwards.
    void willWrite();
    void wrote(std::size_t block);
    /// Announces a block that the disk has already, without willWrite().
    void onDisk(std::size_t block);
    /// Call it when all blocks are written and flushed: reads the remaining blocks, including blocks without
    /// a call of wrote() or onDisk().
    /// @throws Error DiskFailed naming the offset of the first block found to differ, Aborted
    void finish(const std::stop_token& stop);
    /// @throws Error DiskFailed if a block differed so far
    void check();

private:
    using Clock = std::chrono::steady_clock;
    void add(std::size_t block);
    void run(const std::stop_token& stop);
    bool mayRead() const;
    bool mayFlush() const;
    void readNext(std::unique_lock<std::mutex>& lock, std::span<std::byte> room);
    void flush(std::unique_lock<std::mutex>& lock);
    void compare(std::size_t block, std::span<std::byte> room);

    Parts parts_;
    std::function<void()> onFailure_;
    std::mutex mutex_;
    platform::Condition changed_;
    std::vector<bool> told_;
    std::deque<std::size_t> written_; ///< since the last flush
    std::deque<std::size_t> flushed_; ///< ready to be read
    std::size_t awaited_ = 0;         ///< blocks on their way to the disk
    std::size_t left_;                ///< blocks not yet compared
    bool flushing_ = false;
    bool finishing_ = false;
    Clock::time_point lastFlush_ = Clock::now();
    std::exception_ptr failure_;
    std::vector<std::jthread> readers_;
};

} // namespace bm::agent
