#pragma once
#include "agent/agent_log.h"
#include "agent/aligned_buffer.h"
#include "agent/bounded_queue.h"
#include "agent/frame_source.h"
#include "images/blocks/manifest.h"

#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// Cuts streams of stored bytes into frames: many consecutive ones per request, from the broken one on when a
/// connection breaks, for ever with back-off. One thread.
class FrameFetcher {
public:
    /// A frame, whole, in a buffer of the pool, which is the receiver's now.
    using OnFrame = std::function<void(std::size_t block, AlignedBuffer frame)>;

    FrameFetcher(const images::Manifest& manifest, FrameSource& source, BoundedQueue<AlignedBuffer>& pool,
                 AgentLog& log);
    /// Fetches the frames of @p blocks in this order. Returns early when the pool was aborted.
    /// @throws Error Aborted, or what the source calls final
    void fetch(std::span<const std::size_t> blocks, const OnFrame& onFrame, const std::stop_token& stop);
    std::uint64_t bytesFetched() const { return bytesFetched_; }

private:
    struct Run;
    Run nextRun(std::span<const std::size_t> blocks) const;
    bool take(Run& run, std::span<const std::byte> bytes, const OnFrame& onFrame);
    void readRun(std::span<const std::size_t> blocks, std::size_t& next, const OnFrame& onFrame,
                 const std::stop_token& stop);

    const images::Manifest& manifest_;
    FrameSource& source_;
    BoundedQueue<AlignedBuffer>& pool_;
    AgentLog& log_;
    std::uint64_t bytesFetched_ = 0;
    bool poolEnded_ = false;
};

} // namespace bm::agent
