#include "conductor/core/stranger_gate.h"

#include "common/platform/ip_address.h"
#include "common/text/printable.h"

#include <algorithm>

namespace bm::conductor {
namespace {

constexpr std::size_t kPeerText = 64; // bytes: longer than an address

} // namespace

/// True if @p bucket has a token at @p now. A clock that was set back adds none.
bool StrangerGate::refilled(Bucket& bucket, Rate rate, model::UtcTime now)
{
    constexpr double kMinute = 60'000; // ms
    const auto elapsed = static_cast<double>(std::max<std::int64_t>(0, (now - bucket.at).count()));
    bucket.tokens = std::min(rate.burst, bucket.tokens + elapsed / kMinute * rate.perMinute);
    bucket.at = now;
    return bucket.tokens >= 1;
}

bool StrangerGate::takeTokens(State& state, const Cause& cause, const std::string& peer, model::UtcTime now)
{
    const bool known = !cause.node.empty();
    const Rate rate = known ? kNode : kStrangers;
    const auto full = [&] { return Bucket{rate.burst, now}; };
    const std::string subject = cause.kind + ' ' + cause.node;
    Bucket& shared = known ? state.nodes.use(subject, full)
                           : state.strangers.try_emplace(cause.kind, full()).first->second;
    Bucket& own = state.peers.use(subject + ' ' + peer, [&] { return Bucket{kPeer.burst, now}; });
    const bool sharedHas = refilled(shared, rate, now);
    if (!refilled(own, kPeer, now) || !sharedHas)
        return false;
    shared.tokens -= 1;
    own.tokens -= 1;
    return true;
}

void StrangerGate::countRow(State& state, const Cause& cause, const std::string& peer)
{
    CountedRows& counted = state.counts.try_emplace(cause.kind, CountedRows{cause.kind}).first->second;
    ++counted.rows;
    if (counted.peers.size() < kPeersNamed && std::ranges::find(counted.peers, peer) == counted.peers.end())
        counted.peers.push_back(peer);
}

bool StrangerGate::admits(const Cause& cause, model::UtcTime now)
{
    const std::string peer = text::shortPrintable(platform::clientOf(cause.peer), kPeerText);
    const auto state = state_.lock();
    if (state->space && takeTokens(*state, cause, peer, now))
        return true;
    countRow(*state, cause, peer);
    return false;
}

void StrangerGate::count(const Cause& cause)
{
    const std::string peer = text::shortPrintable(platform::clientOf(cause.peer), kPeerText);
    countRow(*state_.lock(), cause, peer);
}

void StrangerGate::setSpace(bool enough)
{
    state_.lock()->space = enough;
}

std::vector<CountedRows> StrangerGate::takeCounts()
{
    const auto state = state_.lock();
    std::vector<CountedRows> counts;
    counts.reserve(state->counts.size());
    for (auto& [kind, counted] : state->counts)
        counts.push_back(std::move(counted));
    state->counts.clear();
    return counts;
}

std::size_t StrangerGate::peers()
{
    return state_.lock()->peers.size();
}

} // namespace bm::conductor
