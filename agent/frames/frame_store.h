#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace bm::agent {

/// The longest frame that is taken: one that does not compress is a little longer than its block.
inline constexpr std::size_t kLongestFrame = (std::size_t{1} << 20U) + std::size_t{16} * 1024;

/// A zstd frame of one block while and after it arrives. One thread fills it, others read the bytes that
/// have arrived.
class StoredFrame {
public:
    enum class State : std::uint8_t {
        Arriving,
        Whole,
        Verified,
        Bad,   ///< whole, but not the block's
        Broken ///< never to be whole: another frame of the block takes its place
    };
    std::size_t block() const { return block_; }
    std::size_t length() const { return length_; }
    /// The very bytes of the image's .zst file; else another frame of the same block.
    bool original() const { return original_; }
    std::size_t have() const { return have_.load(std::memory_order_acquire); }
    State state() const { return state_.load(std::memory_order_acquire); }
    std::span<const std::byte> bytes() const { return {bytes_.get(), length_}; }
    /// Where it came from, for blame. Set before anybody else sees the frame whole.
    const std::string& origin() const { return origin_; }
    void origin(std::string name) { origin_ = std::move(name); }
    /// For the one that fills: where the next bytes go.
    std::span<std::byte> room() { return {bytes_.get() + have(), length_ - have()}; }
    void advance(std::size_t count);
    void mark(State state) { state_.store(state, std::memory_order_release); }

private:
    friend class FrameStore;
    struct Budget;
    struct Free {
        void operator()(std::byte* bytes) const;
        std::shared_ptr<Budget> budget{};
        std::size_t length = 0;
    };
    StoredFrame(std::size_t block, std::size_t length, bool original, std::shared_ptr<Budget> budget);

    std::size_t block_;
    std::size_t length_;
    bool original_;
    std::string origin_;
    std::unique_ptr<std::byte, Free> bytes_;
    std::atomic<std::size_t> have_{0};
    std::atomic<State> state_{State::Arriving};
};
using FramePtr = std::shared_ptr<StoredFrame>;

/// The frames in memory: those on their way to the disk and, as far as memory allows, the last ones for the
/// nodes behind this one. Bounded by bytes. A frame on its way is never dropped: begin() waits instead.
/// Thread-safe.
class FrameStore {
public:
    /// @p onChange is called without a lock when a frame begins, grows or goes bad.
    FrameStore(std::size_t limitBytes, bool keep, std::function<void()> onChange = {});
    FrameStore(const FrameStore&) = delete;
    FrameStore& operator=(const FrameStore&) = delete;

    /// A new frame, empty. Waits for memory; nothing after abort().
    FramePtr begin(std::size_t block, std::size_t length, bool original);
    /// As begin() without waiting: a little more than the limit may be used. For frames that nodes behind
    /// this one wait for.
    FramePtr beginExtra(std::size_t block, std::size_t length, bool original);
    /// beginExtra(), filled with verified @p bytes.
    void addWhole(std::size_t block, std::span<const std::byte> bytes, bool original);
    FramePtr find(std::size_t block) const;
    /// @p beforeDrop is called with each frame that is about to leave the memory, one at a time; without a
    /// lock that find() needs. No frame leaves before the first call of this. Returns when no call of an
    /// earlier @p beforeDrop runs.
    void onDrop(std::function<void(const StoredFrame&)> beforeDrop);
    void grown(const FramePtr& frame, std::size_t count);
    /// The frame failed verification: the nodes that got it hear of it and get another.
    void rejected(const FramePtr& frame, StoredFrame::State why);
    /// Whether begin() waits, and since when: the disk does not keep up.
    std::optional<std::chrono::steady_clock::duration> waiting() const;
    /// How long begin() waited for memory in all, and the bytes of the frames that it began.
    struct Intake {
        std::chrono::steady_clock::duration waited{};
        std::uint64_t bytes = 0;
    };
    Intake intake() const;
    void abort();
    bool aborted() const;
    std::size_t limitBytes() const { return limit_; }
    std::size_t usedBytes() const;

private:
    std::size_t excess(std::size_t length) const;
    bool makeRoom(std::size_t length);
    std::vector<FramePtr> unused(std::size_t bytes) const;
    bool drop(const std::vector<FramePtr>& frames);
    FramePtr add(std::size_t block, std::size_t length, bool original);

    const std::size_t limit_;
    const bool keep_;
    std::function<void()> onChange_;
    std::shared_ptr<StoredFrame::Budget> budget_;
    std::mutex dropping_; ///< taken before mutex_
    std::function<void(const StoredFrame&)> beforeDrop_;
    mutable std::mutex mutex_;
    std::unordered_map<std::size_t, FramePtr> frames_;
    std::deque<FramePtr> order_; ///< oldest first
};

} // namespace bm::agent
