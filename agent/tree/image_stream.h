#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/aligned_buffer.h"
#include "agent/base/bounded_queue.h"
#include "agent/frames/frame_source.h"
#include "agent/frames/frame_store.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/manifest.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace bm::agent {

/// An image's raw bytes from begin to end: one thread fetches, one verifies and decompresses, the caller
/// takes. About 16 MiB are on their way at any time. A block that does not verify is fetched again, three
/// times.
class ImageStream {
public:
    /// @p manifest and @p log are borrowed. @p blocks: URL or path of the stored bytes.
    ImageStream(const images::Manifest& manifest, const std::string& blocks, const TokenSource& token,
                AgentLog& log, const std::stop_token& stop);
    ~ImageStream();
    ImageStream(const ImageStream&) = delete;
    ImageStream& operator=(const ImageStream&) = delete;

    /// The next block, valid until the next call; empty at the image's end.
    /// @throws Error ChecksumMismatch (which block, from where), Aborted; what the source calls final
    std::span<const std::byte> next();
    std::uint64_t bytesFetched() const { return bytesFetched_; }

private:
    template <class Work> void guarded(Work work);
    void fetchAll();
    void decodeAll();
    void decode(const FramePtr& frame, const AlignedBuffer& raw);
    FramePtr fetchAgain(std::size_t block);
    void abort();

    const images::Manifest& manifest_;
    std::string blocks_;
    TokenSource token_;
    AgentLog& log_;
    std::stop_token stop_;
    FrameStore store_;
    BoundedQueue<AlignedBuffer> rawPool_;
    BoundedQueue<FramePtr> frames_;
    BoundedQueue<AlignedBuffer> raws_;  ///< in the order of their blocks, as the fetcher keeps it
    images::BlockDecoder blockDecoder_; ///< the decoding thread's
    AlignedBuffer current_;
    AlignedBuffer zeros_{images::kBlockBytes};
    std::size_t next_ = 0;
    std::atomic<std::uint64_t> bytesFetched_{0};
    std::mutex mutex_;
    std::exception_ptr failure_;
    std::stop_source failed_;
    std::stop_callback<std::function<void()>> stopped_;
    std::jthread fetcher_; ///< last: they end before what they use
    std::jthread decoder_;
};

} // namespace bm::agent
