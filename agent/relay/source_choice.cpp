#include "agent/relay/source_choice.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using namespace std::chrono_literals;

namespace {

constexpr auto kEarly = 2s;
constexpr std::chrono::milliseconds kChoicePause = 200ms;
constexpr std::chrono::milliseconds kLongest = 60s;
constexpr auto kGrace = 5s; ///< time for an innocent, slow peer to verify a block and withdraw it
constexpr std::size_t kStrikes = 2;
/// Limit of wrong blocks that the source did not vouch for, and of as many withdrawn ones. A peer that makes
/// its file systems passes on what its memory holds before it verifies a block.
constexpr std::size_t kManyStrikes = 512;

std::chrono::milliseconds firstSuspension(Leaving why)
{
    switch (why) {
    case Leaving::Dead:
        return 1s;
    case Leaving::Busy:
    case Leaving::Gone:
        return 5s;
    case Leaving::Slow:
        return 20s;
    case Leaving::Refused:
        return 3s; // the token may just have changed
    case Leaving::Lying:
        return 24h;
    }
    return 1s;
}

} // namespace

const char* toText(Leaving why) noexcept
{
    switch (why) {
    case Leaving::Dead:
        return "dead";
    case Leaving::Slow:
        return "slow";
    case Leaving::Busy:
        return "busy";
    case Leaving::Refused:
        return "refused";
    case Leaving::Lying:
        return "lying";
    case Leaving::Gone:
        return "gone";
    }
    return "?";
}

SourceChoice::SourceChoice(RelayCopy& copy, AgentLog& log) : copy_(copy), log_(log), began_(Clock::now()) {}

std::optional<PeerAddress> SourceChoice::best(Clock::time_point now,
                                              const std::optional<PeerAddress>& before) const
{
    const std::vector<PeerAddress> sources = copy_.plan().sources;
    const std::scoped_lock lock(mutex_);
    for (const PeerAddress& peer : sources) {
        if (before && *before == peer)
            return std::nullopt;
        const auto found = standing_.find(peer.text());
        if (found == standing_.end() || found->second.until <= now)
            return peer;
    }
    return std::nullopt;
}

bool SourceChoice::early(Clock::time_point now) const
{
    return now - began_ < kEarly && !copy_.plan().sources.empty();
}

void SourceChoice::leave(const PeerAddress& peer, Leaving why, const std::string& detail)
{
    const Clock::time_point now = Clock::now();
    const std::string name = peer.text();
    bool tell = true;
    {
        const std::scoped_lock lock(mutex_);
        Standing& standing = standing_[name];
        if (why == Leaving::Dead && early(now)) {
            standing.until = now + kChoicePause;
            tell = false;
        } else {
            standing.last = why == Leaving::Lying
                                ? firstSuspension(why)
                                : std::clamp(standing.last * 2, firstSuspension(why), kLongest);
            standing.until = now + standing.last;
        }
    }
    if (!tell)
        return;
    log_.warning(fmt::format("leaving {} ({}): {}", name, toText(why), detail));
    copy_.left(name, toText(why));
}

void SourceChoice::trust(const PeerAddress& peer)
{
    const std::scoped_lock lock(mutex_);
    if (const auto found = standing_.find(peer.text()); found != standing_.end() && found->second.last < 24h)
        found->second.last = 0ms;
}

void SourceChoice::strike(const std::string& name, std::size_t block, bool vouchedFor, Clock::time_point now)
{
    const std::scoped_lock lock(mutex_);
    Standing& standing = standing_[name];
    if (vouchedFor)
        standing.broken.insert(block);
    else if (standing.withdrawn.erase(block) == 0)
        standing.strikes.try_emplace(block, now);
}

void SourceChoice::forgive(const std::string& name, std::size_t block)
{
    const std::scoped_lock lock(mutex_);
    Standing& standing = standing_[name];
    if (standing.strikes.erase(block) == 0)
        standing.withdrawn.insert(block);
    ++standing.forgiven;
}

void SourceChoice::caughtUp(const std::string& name, Clock::time_point now)
{
    const std::scoped_lock lock(mutex_);
    if (const auto found = standing_.find(name); found != standing_.end())
        found->second.caughtUp = now;
}

bool SourceChoice::lies(const std::string& name) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = standing_.find(name);
    if (found == standing_.end())
        return false;
    const Standing& standing = found->second;
    const auto old = std::ranges::count_if(
        standing.strikes, [&](const auto& strike) { return standing.caughtUp - strike.second > kGrace; });
    return standing.broken.size() >= kStrikes || old >= static_cast<std::ptrdiff_t>(kStrikes) ||
           standing.strikes.size() + standing.forgiven >= kManyStrikes * 2 ||
           standing.strikes.size() >= kManyStrikes;
}

} // namespace bm::agent
