#include "conductor/machines/relay_coordinator.h"

#include "common/platform/guarded.h"
#include "common/platform/secrets.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <tuple>

namespace bm::conductor {

using namespace std::chrono_literals;
using model::UtcTime;

namespace {

constexpr auto kLeastSilence = 6s;
constexpr auto kEarly = 3s;         ///< a new chain sorts its nodes for so long, then appends
constexpr auto kBetweenMoves = 15s; ///< moves of one node to the tail
constexpr auto kRemembered = 10min;
constexpr std::size_t kSources = 5;
constexpr std::size_t kNodesPerChain = 64;

/// Addresses in the order of their numbers.
std::array<unsigned char, 17> orderOf(const std::string& address)
{
    std::array<unsigned char, 17> key{};
    if (::inet_pton(AF_INET, address.c_str(), key.data() + 13) == 1)
        return key;
    key[0] = 1;
    ::inet_pton(AF_INET6, address.c_str(), key.data() + 1);
    return key;
}

std::string endpoint(const std::string& address, std::uint16_t port)
{
    const bool v6 = address.find(':') != std::string::npos;
    return (v6 ? "[" + address + "]:" : address + ":") + std::to_string(port);
}

struct Member {
    RelayNode node;
    std::uint16_t port = 0;
    UtcTime seen{};
    UtcTime moved{};
    std::optional<UtcTime> suspected{}; ///< when another node found it dead
    bool listened = false;
    bool closed = false; ///< it no longer listens; reports of other nodes still name its port
    bool over = false;
    bool well = false;
    bool slow = false;
    wire::AgentRelayReport news{};
    std::string at() const { return endpoint(node.address, port); }
};

struct Chain {
    UtcTime began{};
    std::vector<std::string> order; ///< uuids; the first node fetches from the server
};

struct RelayedCopy {
    std::string contentId;
    std::string token;
    RelaySettings settings{};
    std::map<std::string, Member> members; ///< by uuid
    std::vector<Chain> chains;
    UtcTime touched{};
};

} // namespace

struct RelayCoordinator::State {
    using Copies = std::map<std::pair<std::string, std::string>, RelayedCopy>; ///< by content and group
    State(const model::Clock& c, std::chrono::milliseconds pace)
        : clock(c), silence(std::max<std::chrono::milliseconds>(3 * pace, kLeastSilence))
    {}
    const model::Clock& clock;
    std::chrono::milliseconds silence;
    mutable platform::Guarded<Copies> copies;

    bool active(const Member& member, UtcTime now) const
    {
        return !member.over && now - member.seen <= silence;
    }
    bool serves(const Member& member, UtcTime now) const
    {
        return active(member, now) && !member.slow && !member.suspected && !member.closed && member.port != 0;
    }
    static RelayedCopy* copyOf(Copies& all, const std::string& uuid)
    {
        for (auto& [key, copy] : all)
            if (const auto found = copy.members.find(uuid);
                found != copy.members.end() && !found->second.over)
                return &copy;
        return nullptr;
    }
    void forgetOld(Copies& all, UtcTime now) const;
    void place(RelayedCopy& copy, const std::string& uuid, UtcTime now) const;
    void toTail(RelayedCopy& copy, const std::string& uuid, UtcTime now) const;
    void mergeReport(RelayedCopy& copy, const wire::AgentRelayReport& news, UtcTime now) const;
    wire::AgentRelayPlan placeOf(const RelayedCopy& copy, const std::string& uuid, UtcTime now) const;
    std::uint64_t usualRate(const RelayedCopy& copy, UtcTime now) const;
    std::size_t activeIn(const RelayedCopy& copy, const Chain& chain, UtcTime now) const;
    wire::RelayMember viewOf(const RelayedCopy& copy, const Member& member, UtcTime now) const;
};

void RelayCoordinator::State::forgetOld(Copies& all, UtcTime now) const
{
    std::erase_if(all, [&](const auto& entry) { return now - entry.second.touched > kRemembered; });
}

std::size_t RelayCoordinator::State::activeIn(const RelayedCopy& copy, const Chain& chain, UtcTime now) const
{
    return static_cast<std::size_t>(std::ranges::count_if(
        chain.order, [&](const std::string& uuid) { return active(copy.members.at(uuid), now); }));
}

/// Adds a node to the shortest chain: at the tail, unless the chain has just begun.
void RelayCoordinator::State::place(RelayedCopy& copy, const std::string& uuid, UtcTime now) const
{
    std::size_t total = 1;
    for (const Chain& chain : copy.chains)
        total += activeIn(copy, chain, now);
    const std::size_t wanted =
        copy.settings.chains != 0 ? copy.settings.chains : (total + kNodesPerChain - 1) / kNodesPerChain;
    while (copy.chains.size() < wanted)
        copy.chains.push_back({now, {}});
    Chain& chain = *std::ranges::min_element(copy.chains, {},
                                             [&](const Chain& one) { return activeIn(copy, one, now); });
    if (activeIn(copy, chain, now) == 0)
        chain.began = now;
    const auto keyOf = [&](const std::string& id) {
        const RelayNode& node = copy.members.at(id).node;
        return std::tuple(copy.settings.order == RelayOrder::Rack ? node.rack : std::string(),
                          orderOf(node.address), node.uuid);
    };
    auto at = chain.order.end();
    if (copy.settings.order != RelayOrder::Join && now - chain.began <= kEarly)
        at = std::ranges::find_if(chain.order, [&](const std::string& id) {
            return active(copy.members.at(id), now) && keyOf(id) > keyOf(uuid);
        });
    chain.order.insert(at, uuid);
}

void RelayCoordinator::State::toTail(RelayedCopy& copy, const std::string& uuid, UtcTime now) const
{
    Member& member = copy.members.at(uuid);
    member.slow = true;
    if (now - member.moved < kBetweenMoves)
        return;
    member.moved = now;
    for (Chain& chain : copy.chains)
        if (const auto at = std::ranges::find(chain.order, uuid); at != chain.order.end())
            std::rotate(at, at + 1, chain.order.end());
}

/// Records the sources that a member left.
void RelayCoordinator::State::mergeReport(RelayedCopy& copy, const wire::AgentRelayReport& news,
                                          UtcTime now) const
{
    for (const wire::AgentRelayReport::Left& left : news.left)
        for (auto& [uuid, member] : copy.members) {
            if (member.over || member.at() != left.source)
                continue;
            if (left.reason == "dead")
                member.suspected = now;
            else if (left.reason == "slow" || left.reason == "lying")
                toTail(copy, uuid, now);
        }
}

/// The rate of the slowest quarter: members behind a slow disk are no faster, and may be many.
std::uint64_t RelayCoordinator::State::usualRate(const RelayedCopy& copy, UtcTime now) const
{
    std::vector<std::uint64_t> rates;
    for (const auto& [uuid, member] : copy.members)
        if (active(member, now) && !member.slow && member.news.bytesPerSecond != 0)
            rates.push_back(member.news.bytesPerSecond);
    if (rates.size() < 2)
        return 0;
    const auto quarter = rates.begin() + static_cast<std::ptrdiff_t>(rates.size() * 3 / 4);
    std::ranges::nth_element(rates, quarter);
    return *quarter;
}

wire::AgentRelayPlan RelayCoordinator::State::placeOf(const RelayedCopy& copy, const std::string& uuid,
                                                      UtcTime now) const
{
    wire::AgentRelayPlan place{.token = copy.token,
                               .sources = {},
                               .bytesPerSecond = usualRate(copy, now),
                               .port = copy.settings.port,
                               .cacheBytes = copy.settings.cacheBytes};
    for (const Chain& chain : copy.chains) {
        const auto at = std::ranges::find(chain.order, uuid);
        if (at == chain.order.end())
            continue;
        for (auto before = std::make_reverse_iterator(at);
             before != chain.order.rend() && place.sources.size() < kSources; ++before)
            if (const Member& member = copy.members.at(*before);
                serves(member, now) && member.at() != copy.members.at(uuid).at())
                place.sources.push_back(member.at());
    }
    return place;
}

wire::RelayMember RelayCoordinator::State::viewOf(const RelayedCopy& copy, const Member& member,
                                                  UtcTime now) const
{
    const auto named = [&](const std::string& source) {
        for (const auto& [uuid, other] : copy.members)
            if (other.at() == source)
                return other.node.name.empty() ? uuid : other.node.name;
        return source;
    };
    wire::RelayMember view;
    view.node = member.node.name.empty() ? member.node.uuid : member.node.name;
    view.address = member.at();
    view.state = member.over ? (member.well ? "done" : "failed") : active(member, now) ? "copying" : "lost";
    view.slow = member.slow;
    view.source = member.over ? "" : named(member.news.source);
    for (const auto& [source, bytes] : member.news.bytesFrom)
        view.bytesFrom[named(source)] += bytes;
    view.bytesServed = member.news.bytesServed;
    view.bytesPerSecond = member.over ? 0 : member.news.bytesPerSecond;
    view.children = member.over ? 0 : member.news.children;
    return view;
}

RelayCoordinator::RelayCoordinator(const model::Clock& clock, std::chrono::milliseconds pace)
    : state_(std::make_unique<State>(clock, pace))
{}

RelayCoordinator::~RelayCoordinator() = default;

bool RelayCoordinator::knows(const std::string& nodeUuid, const std::string& contentId) const
{
    const auto copies = state_->copies.lock();
    const RelayedCopy* copy = State::copyOf(*copies, nodeUuid);
    return copy != nullptr && copy->contentId == contentId;
}

wire::AgentRelayPlan RelayCoordinator::join(const RelayNode& node, const std::string& contentId)
{
    const auto copies = state_->copies.lock();
    const UtcTime now = state_->clock.now();
    state_->forgetOld(*copies, now);
    if (RelayedCopy* before = State::copyOf(*copies, node.uuid)) // a new step, or the same step again
        before->members.at(node.uuid).over = true;
    RelayedCopy& copy = (*copies)[{contentId, node.copyGroup}];
    const bool idle = std::ranges::none_of(
        copy.members, [&](const auto& entry) { return state_->active(entry.second, now); });
    if (idle) // the last copy's token ends with it
        copy = {contentId, platform::randomHex(32), node.settings, {}, {}, now};
    for (Chain& chain : copy.chains)
        std::erase(chain.order, node.uuid);
    Member& member = copy.members[node.uuid];
    member = {.node = node, .port = node.settings.port, .seen = now};
    copy.touched = now;
    state_->place(copy, node.uuid, now);
    return state_->placeOf(copy, node.uuid, now);
}

std::optional<wire::AgentRelayPlan> RelayCoordinator::exchange(const std::string& nodeUuid,
                                                               const std::string& address,
                                                               const wire::AgentRelayReport& news)
{
    const auto copies = state_->copies.lock();
    RelayedCopy* copy = State::copyOf(*copies, nodeUuid);
    if (copy == nullptr)
        return std::nullopt;
    const UtcTime now = state_->clock.now();
    Member& member = copy->members.at(nodeUuid);
    member.seen = now;
    member.suspected.reset();
    member.node.address = address;
    if (news.port != 0)
        member.port = news.port;
    member.closed = news.port == 0 && member.listened; // until it reports, it copies from the planned source
    member.listened = member.listened || news.port != 0;
    member.news = news;
    copy->touched = now;
    if (news.slow)
        state_->toTail(*copy, nodeUuid, now);
    state_->mergeReport(*copy, news, now);
    return state_->placeOf(*copy, nodeUuid, now);
}

void RelayCoordinator::ended(const std::string& nodeUuid, bool well)
{
    const auto copies = state_->copies.lock();
    if (RelayedCopy* copy = State::copyOf(*copies, nodeUuid)) {
        copy->members.at(nodeUuid).over = true;
        copy->members.at(nodeUuid).well = well;
        copy->touched = state_->clock.now();
    }
}

std::vector<RelayCopyView> RelayCoordinator::show(const std::string& contentId,
                                                  const std::string& copyGroup) const
{
    const auto copies = state_->copies.lock();
    const UtcTime now = state_->clock.now();
    std::vector<RelayCopyView> views;
    for (const auto& [key, copy] : *copies) {
        if (key.first != contentId || (!key.second.empty() && key.second != copyGroup) ||
            now - copy.touched > kRemembered)
            continue;
        RelayCopyView view{contentId, {}};
        for (const Chain& chain : copy.chains) {
            wire::RelayChain& members = view.chains.emplace_back();
            for (const std::string& uuid : chain.order)
                members.push_back(state_->viewOf(copy, copy.members.at(uuid), now));
        }
        views.push_back(std::move(view));
    }
    return views;
}

} // namespace bm::conductor
