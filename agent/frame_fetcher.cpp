#include "agent/frame_fetcher.h"

#include "common/model/error.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::uint64_t kRequestBytes = std::uint64_t{256} << 20U; ///< of one ranged GET, about
constexpr std::uint64_t kGapBytes = std::uint64_t{256} << 10U; ///< cheaper read and dropped than asked around

} // namespace

/// A range of the stored file and where in it we are.
struct FrameFetcher::Run {
    std::span<const std::size_t> blocks;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t at = 0; ///< next stored byte to come
    std::size_t done = 0; ///< blocks of this run that were handed on
    std::optional<AlignedBuffer> frame{};
};

FrameFetcher::FrameFetcher(const images::Manifest& manifest, FrameSource& source,
                           BoundedQueue<AlignedBuffer>& pool, AgentLog& log)
    : manifest_(manifest), source_(source), pool_(pool), log_(log)
{}

FrameFetcher::Run FrameFetcher::nextRun(std::span<const std::size_t> blocks) const
{
    const images::BlockEntry& first = manifest_.blocks[blocks.front()];
    Run run;
    run.begin = first.offset;
    run.at = first.offset;
    run.end = first.offset + first.length;
    std::size_t count = 1;
    for (; count < blocks.size(); ++count) {
        const images::BlockEntry& entry = manifest_.blocks[blocks[count]];
        if (entry.offset < run.end || entry.offset - run.end > kGapBytes ||
            entry.offset - run.begin > kRequestBytes)
            break;
        run.end = entry.offset + entry.length;
    }
    run.blocks = blocks.first(count);
    return run;
}

bool FrameFetcher::take(Run& run, std::span<const std::byte> bytes, const OnFrame& onFrame)
{
    bytesFetched_ += bytes.size();
    while (!bytes.empty() && run.done < run.blocks.size()) {
        const images::BlockEntry& entry = manifest_.blocks[run.blocks[run.done]];
        if (run.at < entry.offset) { // a hole's frame, or one that the disk already holds
            const std::size_t skip = std::min<std::uint64_t>(bytes.size(), entry.offset - run.at);
            bytes = bytes.subspan(skip);
            run.at += skip;
            continue;
        }
        if (!run.frame) {
            run.frame = pool_.pop();
            poolEnded_ = !run.frame;
            if (poolEnded_)
                return false;
        }
        const std::uint64_t have = run.at - entry.offset;
        const std::size_t piece = std::min<std::uint64_t>(bytes.size(), entry.length - have);
        std::memcpy(run.frame->bytes().data() + have, bytes.data(), piece);
        bytes = bytes.subspan(piece);
        run.at += piece;
        if (have + piece == entry.length) {
            onFrame(run.blocks[run.done++], std::move(*run.frame));
            run.frame.reset();
        }
    }
    return true;
}

void FrameFetcher::readRun(std::span<const std::size_t> blocks, std::size_t& next, const OnFrame& onFrame,
                           const std::stop_token& stop)
{
    Run run = nextRun(blocks.subspan(next));
    const auto settle = [&] {
        next += run.done;
        if (run.frame)
            pool_.push(std::move(*run.frame));
    };
    try {
        source_.read(
            run.begin, run.end - run.begin,
            [&](std::span<const std::byte> bytes) { return take(run, bytes, onFrame); }, stop);
    } catch (...) {
        settle();
        throw;
    }
    settle();
}

void FrameFetcher::fetch(std::span<const std::size_t> blocks, const OnFrame& onFrame,
                         const std::stop_token& stop)
{
    BackOff backOff;
    std::size_t next = 0;
    while (next < blocks.size() && !poolEnded_) {
        const std::size_t before = next;
        try {
            readRun(blocks, next, onFrame, stop);
            continue;
        } catch (const Error& error) {
            if (stop.stop_requested())
                throw Error(ErrorCode::Aborted, "stopped while fetching");
            if (!isPassing(error))
                throw;
            log_.trouble(fmt::format("fetching block {} of {}: {}; going on from there", next,
                                     manifest_.blocks.size(), error.what()));
        }
        if (next != before)
            backOff.reset();
        backOff.wait(stop);
    }
}

} // namespace bm::agent
