#include "agent/relay/peer_reader.h"

#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kConnectPatience = 1s;
constexpr std::chrono::milliseconds kPeerProbePatience = 300ms;
constexpr std::chrono::milliseconds kBatchWait = 20ms;
constexpr auto kWindow = 500ms;
constexpr auto kPeerProbeEvery = 1s;
constexpr int kSlowWindows = 6;  ///< after 3 s of a peer's fault
constexpr int kPoorWindows = 16; ///< after 8 s of few bytes for any reason
constexpr std::uint64_t kLeastBytesPerSecond = std::uint64_t{64} * 1024;
constexpr std::uint64_t kPart = 4; ///< slower than a quarter of the other nodes' rate
constexpr std::size_t kMostRanges = 256;

} // namespace

PeerReader::PeerReader(const PeerAddress& peer, FetchRun& run, RelayCopy& copy, SourceChoice& choice,
                       bool beside, const std::stop_token& stop)
    : peer_(peer), name_(peer.text()), run_(run), copy_(copy), choice_(choice), beside_(beside), stop_(stop),
      connection_(peer, {copy.plan().token, run.manifest().contentId()}, kConnectPatience, stop),
      asked_(run.next()), windowBegan_(Clock::now()), lastProbe_(windowBegan_)
{}

/// Requests the following blocks as ranges; both sides skip holes.
void PeerReader::requestMore()
{
    while (!rangeEnds_.empty() && rangeEnds_.front() <= run_.next())
        rangeEnds_.pop_front();
    const std::span<const std::size_t> blocks = run_.blocks();
    while (asked_ < blocks.size() && rangeEnds_.size() < kMostRanges) {
        const std::size_t first = blocks[asked_];
        std::size_t last = first;
        const std::size_t from = asked_ == run_.next() ? run_.resumeAt() : 0;
        for (++asked_; asked_ < blocks.size() && blocks[asked_] > last; ++asked_) {
            std::size_t between = last + 1;
            while (between < blocks[asked_] && run_.manifest().blocks[between].hole)
                ++between;
            if (between < blocks[asked_])
                break;
            last = blocks[asked_];
        }
        rangeEnds_.push_back(asked_);
        connection_.want({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last - first + 1),
                          static_cast<std::uint32_t>(from)});
    }
}

/// Notifies the source that this node's disk is slow, so that its other nodes do not wait.
void PeerReader::yieldWhenSlow()
{
    if (yielded_ || !copy_.isSlow())
        return;
    yielded_ = true;
    connection_.yield();
}

void PeerReader::onBye(const RelayHeader& header) const
{
    const auto why = static_cast<RelayBye>(header.flags);
    switch (why) {
    case RelayBye::Refused:
        throw Left{Leaving::Refused, toText(why)};
    case RelayBye::Slow:
        throw Left{Leaving::Slow, toText(why)};
    case RelayBye::Full:
        throw Left{Leaving::Busy, toText(why)};
    case RelayBye::Ending:
    case RelayBye::Gone:
        break;
    }
    throw Left{Leaving::Gone, toText(why)};
}

std::span<std::byte> PeerReader::onHeader(const RelayHeader& header)
{
    switch (header.type) {
    case RelayMessage::Data:
        return onData(header);
    case RelayMessage::Wait:
        waits_ = true;
        return {};
    case RelayMessage::Retract:
        choice_.forgive(name_, header.block);
        if (!run_.done() && header.block == run_.block())
            run_.skip();
        return {};
    case RelayMessage::Bye:
        onBye(header);
    }
    return {};
}

std::span<std::byte> PeerReader::onData(const RelayHeader& header)
{
    const bool original = (header.flags & RelayHeader::kOriginal) != 0;
    if (run_.done() || header.block != run_.block() ||
        (original && header.frameLength != run_.entry().length))
        throw Left{Leaving::Lying, "it sends blocks that were not requested"};
    if (header.offset == 0 && run_.begun() &&
        (run_.frame()->have() > 0 || run_.frame()->length() != header.frameLength ||
         run_.frame()->original() != original))
        run_.discard();
    if (header.offset != (run_.begun() ? run_.frame()->have() : 0) ||
        (run_.begun() &&
         (run_.frame()->length() != header.frameLength || run_.frame()->original() != original)))
        throw Left{Leaving::Lying, "it sends pieces that do not fit"};
    if (!run_.begun()) {
        const Clock::time_point before = Clock::now();
        over_ = !run_.begin(header.frameLength, original);
        blocked_ += Clock::now() - before;
        if (over_)
            throw Error(ErrorCode::Aborted, "stopped");
    }
    if (header.offset == 0)
        begunHere_ = header.block;
    run_.frame()->vouchedFor(begunHere_ == header.block && (header.flags & RelayHeader::kVerified) != 0);
    if ((header.flags & RelayHeader::kStarved) != 0)
        starvedBytes_ += header.length;
    return run_.frame()->room().first(header.length);
}

void PeerReader::onBytes(std::size_t count)
{
    bytes_ += count;
    run_.grown(count, name_);
}

/// A peer is at fault when it sends few bytes although it has more. A peer that waits itself, or sends
/// everything it has, is limited by its own source and gets more time.
void PeerReader::judge(Clock::time_point now)
{
    const Clock::duration span = now - windowBegan_;
    const double seconds = std::chrono::duration<double>(span).count();
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(bytes_) / seconds);
    copy_.got(name_, bytes_);
    const bool ours = blocked_ > span / 5;
    copy_.rate(rate);
    const std::uint64_t others = copy_.plan().bytesPerSecond;
    const bool poor = !ours && rate < std::max(kLeastBytesPerSecond, others / kPart);
    const bool fault = poor && !waits_ && starvedBytes_ * 2 < bytes_ + 1;
    poorWindows_ = poor && !yielded_ ? poorWindows_ + 1 : 0;
    slowWindows_ = fault ? slowWindows_ + 1 : 0;
    if (!poor && bytes_ > 0)
        choice_.trust(peer_);
    bytes_ = starvedBytes_ = 0;
    blocked_ = {};
    waits_ = false;
    windowBegan_ = now;
    if (slowWindows_ >= kSlowWindows || poorWindows_ >= kPoorWindows)
        throw Left{Leaving::Slow, fmt::format("{} KiB/s for {:.0f} s", rate >> 10U,
                                              seconds * std::max(slowWindows_, poorWindows_))};
    if (!beside_ && choice_.lies(name_))
        throw Left{Leaving::Lying, "blocks of it fail verification"};
}

bool PeerReader::hasBetterSource(Clock::time_point now)
{
    if (now - lastProbe_ < kPeerProbeEvery)
        return false;
    lastProbe_ = now;
    const std::vector<PeerAddress> sources = copy_.plan().sources;
    const bool listed = std::ranges::find(sources, peer_) != sources.end();
    const std::optional<PeerAddress> better = choice_.best(now, listed ? std::optional(peer_) : std::nullopt);
    if (!better)
        return !listed && sources.empty(); // the conductor's plan names the server
    try {
        const RelayPeer probe(*better, {copy_.plan().token, run_.manifest().contentId()}, kPeerProbePatience,
                              stop_);
        return true;
    } catch (const Error& error) {
        choice_.leave(*better, Leaving::Dead, error.message());
        return false;
    }
}

void PeerReader::checkProgress()
{
    if (stop_.stop_requested())
        throw Error(ErrorCode::Aborted, "stopped");
    const Clock::time_point now = Clock::now();
    if (now - windowBegan_ >= kWindow)
        judge(now);
    over_ = over_ || hasBetterSource(now);
}

void PeerReader::read()
{
    const RelayPeer::Handler handler{[this](const RelayHeader& header) { return onHeader(header); },
                                     [this](std::size_t count) { onBytes(count); }};
    if (run_.begun() && !run_.frame()->original())
        run_.discard();
    const auto countBytes = [&] {
        copy_.got(name_, bytes_);
        bytes_ = 0;
    };
    try {
        while (!run_.done() && !over_) {
            requestMore();
            yieldWhenSlow();
            if (connection_.receive(handler, kBatchWait) == RelayPeer::Received::Nothing && !beside_)
                choice_.caughtUp(name_, Clock::now());
            checkProgress();
        }
    } catch (const Error& error) {
        countBytes();
        if (error.code() == ErrorCode::Aborted)
            throw;
        throw Left{error.code() == ErrorCode::InvalidInput ? Leaving::Lying : Leaving::Dead, error.message()};
    } catch (...) {
        countBytes();
        throw;
    }
    countBytes();
}

} // namespace bm::agent
