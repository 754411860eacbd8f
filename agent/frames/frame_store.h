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

/// The largest accepted frame. The frame of incompressible data is slightly longer than its block.
inline constexpr std::size_t kLongestFrame = (std::size_t{1} << 20U) + std::size_t{16} * 1024;

/// The zstd frame of one block, also while it arrives. One thread fills it; others read the received bytes.
class StoredFrame {
public:
    enum class State : std::uint8_t {
        Arriving,
        Whole,
        Verified,
        Bad,   ///< complete, but of wrong content
        Broken ///< abandoned: another frame of the block replaces it
    };
    std::size_t block() const { return block_; }
    std::size_t length() const { return length_; }
    /// True if the bytes equal those in the image's .zst file; otherwise it is another frame of the same
    /// block.
    bool original() const { return original_; }
    std::size_t have() const { return have_.load(std::memory_order_acquire); }
    State state() const { return state_.load(std::memory_order_acquire); }
    std::span<const std::byte> bytes() const { return {bytes_.get(), length_}; }
    /// The source of the frame, which is at fault when the frame is wrong. Set before other threads see the
    /// complete frame.
    const std::string& origin() const { return origin_; }
    void origin(std::string name) { origin_ = std::move(name); }
    /// True if the frame's source sent all of it and claims to have verified it. Set before other threads see
    /// the complete frame.
    bool vouchedFor() const { return vouchedFor_; }
    void vouchedFor(bool vouched) { vouchedFor_ = vouched; }
    /// For the filling thread: the buffer for the next bytes.
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
    bool vouchedFor_ = false;
    std::unique_ptr<std::byte, Free> bytes_;
    std::atomic<std::size_t> have_{0};
    std::atomic<State> state_{State::Arriving};
};
using FramePtr = std::shared_ptr<StoredFrame>;

/// The frames in memory: those in transit to the disk and, as far as memory allows, the latest ones for
/// downstream nodes. A limit in bytes applies. The store never drops a frame in transit; begin() waits
/// instead. Thread-safe.
class FrameStore {
public:
    /// Calls @p onChange without a lock when a frame begins, grows, or is found right or wrong.
    FrameStore(std::size_t limitBytes, bool keep, std::function<void()> onChange = {});
    FrameStore(const FrameStore&) = delete;
    FrameStore& operator=(const FrameStore&) = delete;

    /// Creates an empty frame. Waits for memory. @return nothing after abort()
    FramePtr begin(std::size_t block, std::size_t length, bool original);
    /// As begin(), but does not wait and may exceed the limit slightly. For frames that downstream nodes wait
    /// for.
    FramePtr beginExtra(std::size_t block, std::size_t length, bool original);
    /// beginExtra(), filled with verified @p bytes.
    void addWhole(std::size_t block, std::span<const std::byte> bytes, bool original);
    FramePtr find(std::size_t block) const;
    /// Calls @p beforeDrop with each frame before its removal from memory, one at a time, without the lock of
    /// find(). The store drops no frame before the first call of this function. Returns when no call of an
    /// earlier @p beforeDrop runs.
    void onDrop(std::function<void(const StoredFrame&)> beforeDrop);
    void grown(const FramePtr& frame, std::size_t count);
    /// Records that the frame passed verification.
    void verified(const FramePtr& frame);
    /// Records that the frame failed verification. The nodes that got it are notified and get another one.
    void rejected(const FramePtr& frame, StoredFrame::State why);
    /// Since when begin() has been waiting for memory, because the disk is too slow; nothing when it does not
    /// wait.
    std::optional<std::chrono::steady_clock::duration> waiting() const;
    /// The total time that begin() waited for memory, and the bytes of the frames that it created.
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
    std::mutex dropping_; ///< lock it before mutex_
    std::function<void(const StoredFrame&)> beforeDrop_;
    mutable std::mutex mutex_;
    std::unordered_map<std::size_t, FramePtr> frames_;
    std::deque<FramePtr> order_; ///< oldest first
};

} // namespace bm::agent
