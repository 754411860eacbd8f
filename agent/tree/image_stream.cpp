#include "agent/tree/image_stream.h"

#include "agent/copy/frame_fetcher.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kBuffers = 8;
constexpr int kTriesPerBlock = 3;

std::vector<std::size_t> dataBlocks(const images::Manifest& manifest)
{
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < manifest.blocks.size(); ++i)
        if (!manifest.blocks[i].hole)
            out.push_back(i);
    return out;
}

} // namespace

ImageStream::ImageStream(const images::Manifest& manifest, const std::string& blocks,
                         const TokenSource& token, AgentLog& log, const std::stop_token& stop)
    : manifest_(manifest), blocks_(blocks), token_(token), log_(log), stop_(stop),
      store_(kBuffers * kLongestFrame, false), stopped_(stop, [this] { abort(); })
{
    for (std::size_t i = 0; i < kBuffers; ++i)
        rawPool_.push(AlignedBuffer(kBlockBytes));
    std::ranges::fill(zeros_.bytes(), std::byte{0});
    fetcher_ = std::jthread([this] { guarded([this] { fetchAll(); }); });
    decoder_ = std::jthread([this] { guarded([this] { decodeAll(); }); });
}

ImageStream::~ImageStream()
{
    abort();
}

void ImageStream::abort()
{
    failed_.request_stop();
    store_.abort();
    rawPool_.abort();
    frames_.abort();
    raws_.abort();
}

template <class Work> void ImageStream::guarded(Work work)
{
    try {
        work();
    } catch (...) {
        {
            const std::scoped_lock lock(mutex_);
            if (!failure_)
                failure_ = std::current_exception();
        }
        abort();
    }
}

void ImageStream::fetchAll()
{
    const std::unique_ptr<FrameSource> source = makeFrameSource(blocks_, token_);
    FrameFetcher fetcher(manifest_, *source, store_, log_);
    const std::vector<std::size_t> wanted = dataBlocks(manifest_);
    fetcher.fetch(wanted, {[&](const FramePtr& frame) {
                      bytesFetched_ += frame->length();
                      frames_.push(frame);
                  }},
                  failed_.get_token(), true);
    frames_.close();
}

void ImageStream::decodeAll()
{
    while (std::optional<FramePtr> frame = frames_.pop()) {
        std::optional<AlignedBuffer> raw = rawPool_.pop();
        if (!raw)
            return;
        decode(*frame, *raw);
        raws_.push(std::move(*raw));
    }
    raws_.close();
}

void ImageStream::decode(const FramePtr& frame, const AlignedBuffer& raw)
{
    const std::size_t block = frame->block();
    FramePtr at = frame;
    for (int attempt = 1;; ++attempt) {
        try {
            blockDecoder_.decode(manifest_.blocks[block], at->bytes(), raw.first(manifest_.rawLength(block)));
            return;
        } catch (const Error& error) {
            const std::string what = fmt::format("block {} (byte {}) from {}: {}", block, block * kBlockBytes,
                                                 blocks_, error.what());
            log_.trouble(what);
            if (attempt == kTriesPerBlock)
                throw Error(ErrorCode::ChecksumMismatch, what,
                            "the image in the store or a cache before it is damaged: bm image delete and add "
                            "it again");
        }
        at = fetchAgain(block);
    }
}

FramePtr ImageStream::fetchAgain(std::size_t block)
{
    const std::unique_ptr<FrameSource> source = makeFrameSource(blocks_, token_);
    FrameStore store(kLongestFrame, false);
    FrameFetcher fetcher(manifest_, *source, store, log_);
    FramePtr frame;
    fetcher.fetch({&block, 1}, {[&](const FramePtr& whole) { frame = whole; }}, failed_.get_token(), true);
    bytesFetched_ += manifest_.blocks[block].length;
    return frame;
}

std::span<const std::byte> ImageStream::next()
{
    if (next_ == manifest_.blocks.size())
        return {};
    const std::size_t block = next_;
    const std::uint64_t length = manifest_.rawLength(block);
    if (!manifest_.blocks[block].hole) {
        if (current_.size() != 0)
            rawPool_.push(std::move(current_));
        std::optional<AlignedBuffer> raw = raws_.pop();
        if (!raw) {
            const std::scoped_lock lock(mutex_);
            if (failure_ && !stop_.stop_requested())
                std::rethrow_exception(failure_);
            throw Error(ErrorCode::Aborted, "stopped while writing");
        }
        current_ = std::move(*raw);
    }
    ++next_;
    return manifest_.blocks[block].hole ? zeros_.first(length) : current_.first(length);
}

} // namespace bm::agent
