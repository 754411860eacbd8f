#pragma once
#include "agent/frames/frame_store.h"
#include "images/blocks/manifest.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bm::agent {

/// The progress of fetching a list of blocks, whatever their sources are. One thread.
class FetchRun {
public:
    struct Handlers {
        std::function<void(const FramePtr&)> onFrame;       ///< complete, not yet verified
        std::function<void(std::size_t block)> onMissing{}; ///< its source omitted it; fetch it again
    };
    /// Borrows @p blocks (without holes) and all other arguments.
    FetchRun(const images::Manifest& manifest, FrameStore& store, std::span<const std::size_t> blocks,
             Handlers handlers);

    const images::Manifest& manifest() const { return manifest_; }
    std::span<const std::size_t> blocks() const { return blocks_; }
    std::size_t next() const { return next_; }
    bool done() const { return next_ == blocks_.size() || ended_; }
    std::size_t block() const { return blocks_[next_]; }
    const images::BlockEntry& entry() const { return manifest_.blocks[block()]; }
    /// The received bytes of the current block's original frame. A new source may continue after them.
    std::size_t resumeAt() const;
    bool begun() const { return frame_ != nullptr; }
    const FramePtr& frame() const { return frame_; }

    /// Waits for memory. @return false after an abort of the store, which ends the run
    bool begin(std::size_t length, bool original);
    /// Drops the bytes of the current frame; the next source restarts it.
    void discard();
    void grown(std::size_t count, const std::string& origin);
    /// Skips the current block.
    void skip();
    std::uint64_t bytes() const { return bytes_; }

private:
    const images::Manifest& manifest_;
    FrameStore& store_;
    std::span<const std::size_t> blocks_;
    Handlers handlers_;
    std::size_t next_ = 0;
    FramePtr frame_;
    bool ended_ = false;
    std::uint64_t bytes_ = 0;
};

} // namespace bm::agent
