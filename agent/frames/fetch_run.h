#pragma once
#include "agent/frames/frame_store.h"
#include "images/blocks/manifest.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace bm::agent {

/// How far a list of blocks is fetched, whichever source they come from. One thread.
class FetchRun {
public:
    struct Handlers {
        std::function<void(const FramePtr&)> onFrame;       ///< whole, not verified
        std::function<void(std::size_t block)> onMissing{}; ///< its source left it out: to be fetched again
    };
    /// @p blocks (no holes among them) and the rest are borrowed.
    FetchRun(const images::Manifest& manifest, FrameStore& store, std::span<const std::size_t> blocks,
             Handlers handlers);

    const images::Manifest& manifest() const { return manifest_; }
    std::span<const std::size_t> blocks() const { return blocks_; }
    std::size_t next() const { return next_; }
    bool done() const { return next_ == blocks_.size() || ended_; }
    std::size_t block() const { return blocks_[next_]; }
    const images::BlockEntry& entry() const { return manifest_.blocks[block()]; }
    /// Bytes of the current block's original frame that are here already: a new source may go on from there.
    std::size_t resumeAt() const;
    bool begun() const { return frame_ != nullptr; }
    const FramePtr& frame() const { return frame_; }

    /// Waits for memory; false when the store was aborted: the run is done.
    bool begin(std::size_t length, bool original);
    /// Drops the bytes of the current frame: the next source begins it anew.
    void discard();
    void grown(std::size_t count, const std::string& origin);
    /// The current block is left out.
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
