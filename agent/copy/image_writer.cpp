#include "agent/copy/image_writer.h"

#include "agent/base/aligned_buffer.h"
#include "agent/base/bounded_queue.h"
#include "common/model/error.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <fmt/format.h>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kFewestBuffers = 4;
constexpr int kTriesPerBlock = 3;
constexpr std::size_t kBadBlocksPerPass =
    16; ///< a source that lies this often is not asked for the rest first

struct RawBlock {
    std::size_t block = 0;
    AlignedBuffer bytes;
};

std::size_t padded(std::uint64_t length, std::uint32_t sectorBytes)
{
    return (length + sectorBytes - 1) / sectorBytes * sectorBytes;
}

} // namespace

/// One go over a list of blocks; those that did not verify are left for the next.
class ImageWriter::Pass {
public:
    Pass(ImageWriter& writer, std::vector<BlockHash>& hashes, const std::stop_token& stop)
        : writer_(writer), hashes_(hashes), stopped_(stop, [this] { abort(); })
    {
        const std::size_t count = std::max(writer.settings_.memoryBytes / 2 / kBlockBytes, kFewestBuffers);
        for (std::size_t i = 0; i < count; ++i)
            rawPool_.push(AlignedBuffer(kBlockBytes));
    }

    /// @return blocks that did not verify
    std::vector<std::size_t> run(std::span<const std::size_t> blocks, std::span<const std::size_t> holes,
                                 const std::stop_token& stop, bool serverOnly)
    {
        std::vector<std::jthread> decoders;
        std::vector<std::jthread> writers;
        for (unsigned i = 0; i < decoderCount(); ++i)
            decoders.emplace_back([this] { guarded([this] { decodeAll(); }); });
        for (unsigned i = 0; i < std::max(writer_.settings_.writers, 1U); ++i)
            writers.emplace_back([this] { guarded([this] { writeAll(); }); });
        std::jthread fetcher([&] { guarded([&] { fetchAll(blocks, serverOnly); }); });
        guarded([&] { writer_.zeroHoles(holes, failed_.get_token()); });
        fetcher.join();
        frames_.close();
        decoders.clear();
        raws_.close();
        writers.clear();
        if (failure_)
            std::rethrow_exception(failure_);
        if (stop.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while writing");
        std::ranges::sort(bad_);
        return std::move(bad_);
    }
    const std::optional<Error>& lastMismatch() const { return lastMismatch_; }

private:
    unsigned decoderCount() const
    {
        return writer_.settings_.decoders != 0 ? writer_.settings_.decoders
                                               : std::max(std::thread::hardware_concurrency(), 1U);
    }

    void abort()
    {
        failed_.request_stop();
        writer_.parts_.store.abort();
        rawPool_.abort();
        frames_.abort();
        raws_.abort();
    }

    template <class Work> void guarded(Work work)
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

    void fetchAll(std::span<const std::size_t> blocks, bool serverOnly)
    {
        limitBad_ = serverOnly || !writer_.parts_.fetcher.hasPeers();
        try {
            writer_.parts_.fetcher.fetch(blocks,
                                         {[this](const FramePtr& frame) { frames_.push(frame); },
                                          [this](std::size_t block) {
                                              const std::scoped_lock lock(mutex_);
                                              bad_.push_back(block);
                                          }},
                                         failed_.get_token(), serverOnly);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::Aborted) // else the one who stopped us says why
                throw;
        }
    }

    void decodeAll()
    {
        images::BlockDecoder decoder;
        while (std::optional<FramePtr> frame = frames_.pop()) {
            std::optional<AlignedBuffer> raw = rawPool_.pop();
            if (!raw)
                return;
            if (decodeOne(decoder, *frame, *raw))
                toDisk({(*frame)->block(), std::move(*raw)});
            else
                rawPool_.push(std::move(*raw));
        }
    }

    void toDisk(RawBlock raw)
    {
        if (writer_.parts_.readBack != nullptr)
            writer_.parts_.readBack->willWrite();
        for (const Twin& twin : writer_.parts_.twins)
            twin.readBack.willWrite();
        raws_.push(std::move(raw));
    }

    bool decodeOne(images::BlockDecoder& decoder, const FramePtr& frame, const AlignedBuffer& raw)
    {
        const std::size_t block = frame->block();
        const images::BlockEntry& entry = writer_.parts_.manifest.blocks[block];
        const std::uint64_t length = writer_.parts_.manifest.rawLength(block);
        try {
            if (frame->original())
                decoder.decode(entry, frame->bytes(), raw.first(length));
            else
                decoder.decodeAny(entry, frame->bytes(), raw.first(length));
        } catch (const Error& error) {
            noteBad(frame, error);
            return false;
        }
        frame->mark(StoredFrame::State::Verified);
        hashes_[block] = hashOf(raw.first(length));
        std::ranges::fill(raw.bytes().subspan(length), std::byte{0});
        return true;
    }

    void noteBad(const FramePtr& frame, const Error& error)
    {
        const std::size_t block = frame->block();
        writer_.parts_.fetcher.rejected(frame);
        if (writer_.parts_.relay != nullptr)
            writer_.parts_.relay->retract(block);
        const std::string from =
            frame->origin() == FrameFetcher::kServer ? writer_.sourceName_ : frame->origin();
        const std::string what =
            fmt::format("block {} (byte {}) from {}: {}", block, block * kBlockBytes, from, error.what());
        writer_.parts_.log.trouble(what);
        const std::scoped_lock lock(mutex_);
        bad_.push_back(block);
        lastMismatch_ =
            Error(ErrorCode::ChecksumMismatch, what,
                  "the image in the store or a cache before it is damaged: bm image delete and add it again");
        if (limitBad_ && bad_.size() >= kBadBlocksPerPass)
            throw Error(*lastMismatch_);
    }

    void writeAll()
    {
        while (std::optional<RawBlock> raw = raws_.pop()) {
            const std::uint64_t length = writer_.parts_.manifest.rawLength(raw->block);
            const auto bytes = raw->bytes.first(padded(length, writer_.parts_.device.sectorBytes()));
            writer_.parts_.device.write(raw->block * kBlockBytes, bytes);
            for (const Twin& twin : writer_.parts_.twins)
                twin.device.write(raw->block * kBlockBytes, bytes);
            writer_.parts_.progress.add(length);
            if (writer_.parts_.written != nullptr)
                writer_.parts_.written->mark(raw->block);
            if (writer_.parts_.readBack != nullptr)
                writer_.parts_.readBack->wrote(raw->block);
            for (const Twin& twin : writer_.parts_.twins)
                twin.readBack.wrote(raw->block);
            rawPool_.push(std::move(raw->bytes));
        }
    }

    ImageWriter& writer_;
    std::vector<BlockHash>& hashes_;
    BoundedQueue<AlignedBuffer> rawPool_;
    BoundedQueue<FramePtr> frames_;
    BoundedQueue<RawBlock> raws_;
    std::mutex mutex_;
    std::exception_ptr failure_;
    std::vector<std::size_t> bad_;
    std::atomic<bool> limitBad_{true};
    std::optional<Error> lastMismatch_;
    std::stop_source failed_;
    std::stop_callback<std::function<void()>> stopped_;
};

ImageWriter::ImageWriter(const Parts& parts, std::string sourceName, PipelineSettings settings)
    : parts_(parts), sourceName_(std::move(sourceName)), settings_(settings)
{}

void ImageWriter::zeroHoles(std::span<const std::size_t> holes, const std::stop_token& stop)
{
    constexpr std::size_t kBlocksAtOnce = 256; // so that progress is seen and a stop is heard
    for (std::size_t i = 0; i < holes.size();) {
        std::size_t count = 1;
        while (i + count < holes.size() && count < kBlocksAtOnce && holes[i + count] == holes[i] + count)
            ++count;
        const std::uint64_t begin = holes[i] * kBlockBytes;
        const std::size_t last = holes[i + count - 1];
        const std::uint64_t end = last * kBlockBytes + parts_.manifest.rawLength(last);
        const std::uint64_t length = padded(end - begin, parts_.device.sectorBytes());
        parts_.device.zero(begin, length, stop);
        for (const Twin& twin : parts_.twins)
            twin.device.zero(begin, length, stop);
        parts_.progress.add(end - begin);
        for (const std::size_t hole : holes.subspan(i, count)) {
            if (parts_.readBack != nullptr)
                parts_.readBack->onDisk(hole);
            for (const Twin& twin : parts_.twins)
                twin.readBack.onDisk(hole);
        }
        i += count;
    }
}

void ImageWriter::write(std::span<const std::size_t> blocks, std::span<const std::size_t> holes,
                        std::vector<BlockHash>& hashes, const std::stop_token& stop)
{
    std::vector<std::size_t> left(blocks.begin(), blocks.end());
    for (int attempt = 1; attempt == 1 || !left.empty(); ++attempt) {
        Pass pass(*this, hashes, stop);
        left = pass.run(left, attempt == 1 ? holes : std::span<const std::size_t>{}, stop,
                        attempt == kTriesPerBlock);
        if (!left.empty() && attempt == kTriesPerBlock)
            throw Error(*pass.lastMismatch());
    }
}

} // namespace bm::agent
