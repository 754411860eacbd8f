#pragma once
#include "agent/base/block_hash.h"
#include "agent/base/step_progress.h"
#include "agent/disk/block_device.h"
#include "images/blocks/manifest.h"

#include <chrono>
#include <condition_variable>
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

/// Reads the image back and compares, behind the writer: about every half second it flushes the disk's cache,
/// and reads the blocks written before that while no block waits to be written. So a copy that waits for its
/// link has little left to read at the end, and one that waits for its disk loses no time. Holes must be
/// zero. Two threads of its own, a block's memory each. Thread-safe.
class ReadBack {
public:
    /// All borrowed.
    struct Parts {
        const images::Manifest& manifest;
        BlockDevice& device;
        const std::vector<BlockHash>& hashes; ///< a block's is in place before wrote() or onDisk()
        StepProgress& progress;
    };
    /// @p onFailure is called once, on one of its threads, when the first block differs: to end the writing.
    ReadBack(const Parts& parts, std::function<void()> onFailure);
    ~ReadBack();
    ReadBack(const ReadBack&) = delete;
    ReadBack& operator=(const ReadBack&) = delete;

    /// A block is about to be written: the disk is wanted. Then wrote() follows.
    void willWrite();
    void wrote(std::size_t block);
    /// The block is there, without willWrite().
    void onDisk(std::size_t block);
    /// All is written and flushed: reads the rest, also blocks that no call named.
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
    std::condition_variable_any changed_;
    std::vector<bool> told_;
    std::deque<std::size_t> written_; ///< since the last flush
    std::deque<std::size_t> flushed_; ///< may be read
    std::size_t awaited_ = 0;         ///< blocks on their way to the disk
    std::size_t left_;                ///< blocks not yet compared
    bool flushing_ = false;
    bool finishing_ = false;
    Clock::time_point lastFlush_ = Clock::now();
    std::exception_ptr failure_;
    std::vector<std::jthread> readers_;
};

} // namespace bm::agent
