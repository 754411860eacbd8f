#include "agent/copy/block_pipeline.h"

#include "common/platform/condition.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kFewestBuffers = 4;
constexpr int kTriesInOrder = 3;
constexpr std::size_t kBadBlocksPerPass = 16; ///< after this many wrong blocks the server counts as broken
constexpr int kTriesOfPeers = 3;
constexpr std::chrono::milliseconds kPeerHeals{200}; ///< a peer that omits a block fetches it again itself

} // namespace

std::vector<std::size_t> dataBlocks(const images::Manifest& manifest)
{
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < manifest.blocks.size(); ++i)
        if (!manifest.blocks[i].hole)
            out.push_back(i);
    return out;
}

BlockPipeline::BlockPipeline(const images::Manifest& manifest, CopySource& source, AgentLog& log,
                             const Plan& plan, const std::stop_token& stop, OnVerified onVerified)
    : manifest_(manifest), source_(source), log_(log), plan_(plan), stop_(stop),
      onVerified_(std::move(onVerified)), stopCallback_(stop, [this] { abort(); })
{
    for (std::size_t i = 0; i < std::max(plan.rawBytes / kBlockBytes, kFewestBuffers); ++i)
        rawPool_.push(AlignedBuffer(kBlockBytes));
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
    const unsigned decoders = plan.order == Order::Given ? 1 : plan.decoders != 0 ? plan.decoders : cores;
    decoding_ = decoders;
    for (unsigned i = 0; i < decoders; ++i)
        decoders_.emplace_back([this] {
            guarded([this] { decodeAll(); });
            if (--decoding_ == 0)
                raws_.close();
        });
    fetcher_ = std::jthread([this] {
        guarded([this] { fetchAll(); });
        frames_.close();
    });
}

BlockPipeline::~BlockPipeline()
{
    if (fetcher_.joinable())
        abort();
}

std::vector<std::size_t> BlockPipeline::finish()
{
    fetcher_.join();
    decoders_.clear();
    if (failure_)
        std::rethrow_exception(failure_);
    if (stop_.stop_requested())
        throw Error(ErrorCode::Aborted, "stopped while writing");
    std::ranges::sort(bad_);
    return std::move(bad_);
}

void BlockPipeline::abort()
{
    failed_.request_stop();
    source_.store().abort();
    rawPool_.abort();
    frames_.abort();
    raws_.abort();
}

void BlockPipeline::fail(std::exception_ptr failure)
{
    {
        const std::scoped_lock lock(mutex_);
        if (!failure_)
            failure_ = std::move(failure);
    }
    abort();
}

void BlockPipeline::fetchAll()
{
    try {
        source_.fetcher().fetch(plan_.blocks,
                                {[this](const FramePtr& frame) {
                                     frames_.push({frame->block(), frame});
                                 },
                                 [this](std::size_t block) {
                                     frames_.push({block, {}});
                                 }},
                                failed_.get_token(), plan_.serverOnly);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Aborted) // the thread that stopped the pipeline reports the reason
            throw;
    }
}

void BlockPipeline::decodeAll()
{
    images::BlockDecoder decoder;
    while (std::optional<Item> item = frames_.pop()) {
        std::optional<AlignedBuffer> raw = rawPool_.pop();
        if (!raw)
            return;
        if (decode(decoder, *item, *raw))
            raws_.push({item->block, std::move(*raw)});
        else
            rawPool_.push(std::move(*raw));
    }
}

/// @return true if @p raw has the block's bytes; otherwise the next pipeline fetches it
bool BlockPipeline::decode(images::BlockDecoder& decoder, const Item& item, const AlignedBuffer& raw)
{
    FramePtr frame = item.frame;
    for (int attempt = 1; !frame || !verify(decoder, frame, raw); ++attempt) {
        if (plan_.order == Order::Any) {
            leaveForNext(item.block);
            return false;
        }
        if (attempt == kTriesInOrder)
            throw Error(*lastMismatch_);
        frame = fetchAgain(item.block, attempt + 1 == kTriesInOrder);
    }
    if (frame != item.frame)
        publish(frame);
    const std::uint64_t length = manifest_.rawLength(item.block);
    if (onVerified_)
        onVerified_(item.block, raw.first(length));
    std::ranges::fill(raw.bytes().subspan(length), std::byte{0});
    return true;
}

bool BlockPipeline::verify(images::BlockDecoder& decoder, const FramePtr& frame, const AlignedBuffer& raw)
{
    const images::BlockEntry& entry = manifest_.blocks[frame->block()];
    const std::span<std::byte> room = raw.first(manifest_.rawLength(frame->block()));
    try {
        if (frame->original())
            decoder.decode(entry, frame->bytes(), room);
        else
            decoder.decodeAny(entry, frame->bytes(), room);
    } catch (const Error& error) {
        recordMismatch(frame, error);
        return false;
    }
    source_.store().verified(frame);
    return true;
}

/// A peer that forwarded a wrong block fetches it again itself. So this tries the peers a few times, then the
/// server.
FramePtr BlockPipeline::fetchAgain(std::size_t block, bool serverOnly)
{
    FramePtr frame;
    for (int i = 0; i < kTriesOfPeers && !serverOnly && !frame && source_.fetcher().hasPeers(); ++i) {
        if (i > 0)
            platform::pauseFor(kPeerHeals, failed_.get_token());
        frame = source_.fetchBeside(block, false, failed_.get_token());
    }
    if (!frame)
        frame = source_.fetchBeside(block, true, failed_.get_token());
    if (!frame)
        throw Error(ErrorCode::Aborted, "stopped while fetching");
    bytesFetchedAgain_ += frame->length();
    return frame;
}

/// Downstream nodes wait for the right frame.
void BlockPipeline::publish(const FramePtr& frame)
{
    if (source_.relay() != nullptr)
        source_.store().addWhole(frame->block(), frame->bytes(), frame->original());
}

void BlockPipeline::leaveForNext(std::size_t block)
{
    const std::scoped_lock lock(mutex_);
    bad_.push_back(block);
    const bool limited = plan_.serverOnly || !source_.fetcher().hasPeers();
    if (limited && bad_.size() >= kBadBlocksPerPass && lastMismatch_)
        throw Error(*lastMismatch_);
}

void BlockPipeline::recordMismatch(const FramePtr& frame, const Error& error)
{
    const std::size_t block = frame->block();
    source_.fetcher().rejected(frame);
    if (source_.relay() != nullptr)
        source_.relay()->retract(block);
    const std::string from = frame->origin() == FrameFetcher::kServer ? source_.name() : frame->origin();
    const std::string what =
        fmt::format("block {} (byte {}) from {}: {}", block, block * kBlockBytes, from, error.what());
    log_.warning(what);
    const std::scoped_lock lock(mutex_);
    lastMismatch_ = Error(ErrorCode::ChecksumMismatch, what,
                          "the image in the store or a cache before it is damaged: bm image delete and add "
                          "it again");
}

} // namespace bm::agent
