#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/aligned_buffer.h"
#include "agent/base/bounded_queue.h"
#include "agent/copy/copy_source.h"
#include "common/model/error.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/manifest.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

namespace bm::agent {

/// A verified block, padded with zeros.
struct RawBlock {
    std::size_t block = 0;
    AlignedBuffer bytes;
};

/// Moves blocks from a source to a sink. One thread fetches frames; others decompress and verify them. The
/// sink gets the blocks from next() and returns their buffers. The pool of buffers and the source's frames
/// bound the memory, whatever the image's size. One pipeline makes one pass over a list of blocks.
class BlockPipeline {
public:
    enum class Order : std::uint8_t {
        Any,  ///< several threads decompress; the next pipeline fetches blocks that do not verify
        Given ///< one thread decompresses; it fetches a block that does not verify again at once
    };
    struct Plan {
        std::span<const std::size_t> blocks; ///< without holes
        Order order = Order::Any;
        bool serverOnly = false;
        unsigned decoders = 0; ///< threads, with Order::Any; 0: as many as cores
        std::size_t rawBytes = 0;
    };
    /// Called on a decompressing thread before the sink gets the block.
    using OnVerified = std::function<void(std::size_t block, std::span<const std::byte> raw)>;

    /// Starts the threads. Borrows all arguments and the plan's blocks.
    BlockPipeline(const images::Manifest& manifest, CopySource& source, AgentLog& log, const Plan& plan,
                  const std::stop_token& stop, OnVerified onVerified = {});
    ~BlockPipeline();
    BlockPipeline(const BlockPipeline&) = delete;
    BlockPipeline& operator=(const BlockPipeline&) = delete;

    /// The next verified block; nothing after the last one, or after a failure. Thread-safe.
    std::optional<RawBlock> next() { return raws_.pop(); }
    void giveBack(AlignedBuffer bytes) { rawPool_.push(std::move(bytes)); }
    /// Runs @p work on a thread of the sink. An exception of @p work stops the pipeline.
    template <class Work> void guarded(Work work)
    {
        try {
            work();
        } catch (...) {
            fail(std::current_exception());
        }
    }
    /// Requested when the pipeline fails or is stopped.
    std::stop_token stopped() const { return failed_.get_token(); }
    /// Waits for its threads; the sink must have taken every block. @return blocks that did not verify
    /// @throws Error ChecksumMismatch (naming block and source), Aborted, a permanent error of the source, an
    /// exception from guarded()
    std::vector<std::size_t> finish();
    const std::optional<model::Error>& lastMismatch() const { return lastMismatch_; }
    /// Stored bytes of blocks that were fetched again.
    std::uint64_t bytesFetchedAgain() const { return bytesFetchedAgain_; }

private:
    struct Item {
        std::size_t block = 0;
        FramePtr frame; ///< null: the source omitted it
    };
    void fail(std::exception_ptr failure);
    void abort();
    void fetchAll();
    void decodeAll();
    bool decode(images::BlockDecoder& decoder, const Item& item, const AlignedBuffer& raw);
    bool verify(images::BlockDecoder& decoder, const FramePtr& frame, const AlignedBuffer& raw);
    FramePtr fetchAgain(std::size_t block, bool serverOnly);
    void publish(const FramePtr& frame);
    void leaveForNext(std::size_t block);
    void recordMismatch(const FramePtr& frame, const model::Error& error);

    const images::Manifest& manifest_;
    CopySource& source_;
    AgentLog& log_;
    Plan plan_;
    std::stop_token stop_;
    OnVerified onVerified_;
    BoundedQueue<AlignedBuffer> rawPool_;
    BoundedQueue<Item> frames_;
    BoundedQueue<RawBlock> raws_;
    std::mutex mutex_;
    std::exception_ptr failure_;
    std::vector<std::size_t> bad_;
    std::optional<model::Error> lastMismatch_;
    std::atomic<std::uint64_t> bytesFetchedAgain_{0};
    std::atomic<unsigned> decoding_{0};
    std::stop_source failed_;
    std::stop_callback<std::function<void()>> stopCallback_;
    std::vector<std::jthread> decoders_; ///< last member: its threads end before the other members
    std::jthread fetcher_;
};

/// The image's blocks without the holes, in order.
std::vector<std::size_t> dataBlocks(const images::Manifest& manifest);

} // namespace bm::agent
