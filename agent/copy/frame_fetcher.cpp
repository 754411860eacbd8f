#include "agent/copy/frame_fetcher.h"

#include "agent/relay/peer_reader.h"
#include "common/model/error.h"
#include "common/platform/condition.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <functional>
#include <mutex>
#include <thread>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kRequestBytes = std::uint64_t{256} << 20U; ///< approximate size of one ranged GET
constexpr std::uint64_t kGapBytes =
    std::uint64_t{256} << 10U; ///< reading and dropping a short gap costs less than another request
constexpr std::chrono::milliseconds kEarlyPause = 100ms;
constexpr std::chrono::milliseconds kProbeEvery = 1s;
constexpr std::chrono::milliseconds kProbePatience = 500ms;
constexpr auto kRateWindow = 500ms;

/// End of the range of the stored file that begins with the run's next frame and goes into one request.
std::uint64_t rangeEnd(const FetchRun& run)
{
    const images::BlockEntry& first = run.entry();
    std::uint64_t end = first.offset + first.length;
    for (const std::size_t block : run.blocks().subspan(run.next() + 1)) {
        const images::BlockEntry& entry = run.manifest().blocks[block];
        if (entry.offset < end || entry.offset - end > kGapBytes ||
            entry.offset - first.offset > kRequestBytes)
            break;
        end = entry.offset + entry.length;
    }
    return end;
}

} // namespace

FrameFetcher::FrameFetcher(const images::Manifest& manifest, FrameSource& server, FrameStore& store,
                           AgentLog& log, RelayCopy* copy)
    : manifest_(manifest), server_(server), store_(store), log_(log), copy_(copy)
{
    if (copy_ != nullptr)
        choice_ = std::make_shared<SourceChoice>(*copy_, log_);
}

FrameFetcher::FrameFetcher(const FrameFetcher& other, FrameSource& server, FrameStore& store)
    : manifest_(other.manifest_), server_(server), store_(store), log_(other.log_), copy_(other.copy_),
      choice_(other.choice_), beside_(true)
{}

void FrameFetcher::fetch(std::span<const std::size_t> blocks, FetchRun::Handlers handlers,
                         const std::stop_token& stop, bool serverOnly)
{
    FetchRun run(manifest_, store_, blocks, std::move(handlers));
    const auto countBytes = [&] {
        bytesFetched_ += run.bytes();
        run.discard();
        if (copy_ != nullptr)
            copy_->source("");
    };
    try {
        while (!run.done()) {
            if (stop.stop_requested())
                throw Error(ErrorCode::Aborted, "stopped while fetching");
            step(run, stop, serverOnly);
        }
    } catch (...) {
        countBytes();
        throw;
    }
    countBytes();
}

void FrameFetcher::step(FetchRun& run, const std::stop_token& stop, bool serverOnly)
{
    if (!choice_ || serverOnly) {
        fromServer(run, stop, serverOnly);
        return;
    }
    const auto now = SourceChoice::Clock::now();
    if (const std::optional<PeerAddress> peer = choice_->best(now))
        fromPeer(*peer, run, stop);
    else if (choice_->early(now))
        platform::pauseFor(kEarlyPause, stop);
    else
        fromServer(run, stop, serverOnly);
}

void FrameFetcher::fromPeer(const PeerAddress& peer, FetchRun& run, const std::stop_token& stop)
{
    if (choice_->lies(peer.text())) { // its blocks failed verification after its end
        choice_->leave(peer, Leaving::Lying, "blocks of it fail verification");
        return;
    }
    try {
        PeerReader reader(peer, run, *copy_, *choice_, beside_, stop);
        copy_->source(peer.text());
        log_.info(fmt::format("fetching from {} from block {} on", peer.text(), run.block()));
        reader.read();
    } catch (const PeerReader::Left& left) {
        choice_->leave(peer, left.why, left.detail);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted)
            throw;
        choice_->leave(peer, Leaving::Dead, error.message());
    }
}

bool FrameFetcher::peerAnswers(const std::stop_token& stop)
{
    const std::optional<PeerAddress> peer = choice_->best(SourceChoice::Clock::now());
    if (!peer)
        return false;
    try {
        const RelayPeer probe(*peer, {copy_->plan().token, manifest_.contentId()}, kProbePatience, stop);
        return true;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::Aborted)
            choice_->leave(*peer, Leaving::Dead, error.message());
        return false;
    }
}

/// Reads from the server until the run is complete, the server fails, or a peer answers that may serve
/// instead.
void FrameFetcher::fromServer(FetchRun& run, const std::stop_token& stop, bool serverOnly)
{
    std::stop_source ended;
    const std::stop_callback<std::function<void()>> both(stop, [&ended] { ended.request_stop(); });
    std::jthread prober;
    if (copy_ != nullptr)
        copy_->source(kServer);
    if (copy_ != nullptr && !serverOnly)
        prober = std::jthread([&](const std::stop_token& over) {
            if (awaitPeer(over))
                ended.request_stop();
        });
    const std::size_t before = run.next();
    try {
        readRun(run, ended.get_token());
        backOff_.reset();
        return;
    } catch (const Error& error) {
        if (stop.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while fetching");
        if (ended.stop_requested())
            return;
        if (!isPassing(error))
            throw;
        log_.warning(fmt::format("fetching block {} of {}: {}; the next source continues", run.block(),
                                 manifest_.blocks.size(), error.what()));
    }
    if (run.next() != before)
        backOff_.reset();
    waitBeforeServer(ended.get_token(), stop);
}

/// @return true if a peer answers before @p over
bool FrameFetcher::awaitPeer(const std::stop_token& over)
{
    while (!over.stop_requested()) {
        platform::pauseFor(kProbeEvery, over);
        if (!over.stop_requested() && peerAnswers(over))
            return true;
    }
    return false;
}

/// Ends early when a peer answers (@p peerFound). @throws Error when @p stop is requested
void FrameFetcher::waitBeforeServer(const std::stop_token& peerFound, const std::stop_token& stop)
{
    try {
        backOff_.wait(peerFound);
    } catch (const Error&) {
        if (stop.stop_requested())
            throw;
    }
}

void FrameFetcher::readRun(FetchRun& run, const std::stop_token& stop)
{
    if (run.begun() && !run.frame()->original())
        run.discard();
    std::uint64_t at = run.entry().offset + run.resumeAt();
    const std::uint64_t end = rangeEnd(run);
    auto windowBegan = std::chrono::steady_clock::now();
    std::uint64_t windowBytes = 0;
    const auto count = [&](std::size_t bytes) {
        if (copy_ == nullptr)
            return;
        copy_->got(kServer, bytes);
        windowBytes += bytes;
        const auto span = std::chrono::steady_clock::now() - windowBegan;
        if (span < kRateWindow)
            return;
        copy_->rate(static_cast<std::uint64_t>(static_cast<double>(windowBytes) /
                                               std::chrono::duration<double>(span).count()));
        windowBegan += span;
        windowBytes = 0;
    };
    server_.read(
        at, end - at,
        [&](std::span<const std::byte> bytes) {
            count(bytes.size());
            return take(run, at, bytes);
        },
        stop);
}

bool FrameFetcher::take(FetchRun& run, std::uint64_t& at, std::span<const std::byte> bytes)
{
    while (!bytes.empty() && !run.done()) {
        const images::BlockEntry& entry = run.entry();
        if (at < entry.offset) { // the frame of a hole, or of a block that the disk already has
            const std::size_t skip = std::min<std::uint64_t>(bytes.size(), entry.offset - at);
            bytes = bytes.subspan(skip);
            at += skip;
            continue;
        }
        if (!run.begun() && !run.begin(entry.length, true))
            return false;
        const std::span<std::byte> room = run.frame()->room();
        const std::size_t piece = std::min(bytes.size(), room.size());
        std::memcpy(room.data(), bytes.data(), piece);
        run.grown(piece, kServer);
        bytes = bytes.subspan(piece);
        at += piece;
    }
    return !run.done();
}

void FrameFetcher::rejected(const FramePtr& frame)
{
    store_.rejected(frame, StoredFrame::State::Bad);
    if (choice_ && frame->origin() != kServer)
        choice_->strike(frame->origin(), frame->block(), frame->vouchedFor(), SourceChoice::Clock::now());
}

} // namespace bm::agent
