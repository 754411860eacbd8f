#include "agent/relay/relay_copy.h"

#include "common/platform/secrets.h"
#include "common/text/text.h"

#include <arpa/inet.h>
#include <fmt/format.h>

namespace bm::agent {

namespace {

constexpr std::size_t kMostLeft = 64; ///< kept for the next report

bool isAddress(const std::string& host)
{
    in6_addr any{};
    return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

} // namespace

std::string PeerAddress::text() const
{
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

std::optional<PeerAddress> PeerAddress::parse(const std::string& address)
{
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0)
        return std::nullopt;
    PeerAddress peer{address.substr(0, colon), 0};
    if (peer.host.starts_with('[') && peer.host.ends_with(']'))
        peer.host = peer.host.substr(1, peer.host.size() - 2);
    peer.port = text::parseNumber<std::uint16_t>(std::string_view(address).substr(colon + 1)).value_or(0);
    if (peer.port == 0 || !isAddress(peer.host))
        return std::nullopt;
    return peer;
}

void RelayCopy::plan(RelayPlan plan)
{
    const std::scoped_lock lock(mutex_);
    if (plan.token.empty())
        plan.token = plan_.token;
    const bool other = plan.token != plan_.token || plan.sources != plan_.sources;
    if (plan.token != plan_.token)
        oldToken_ = plan_.token;
    plan_ = std::move(plan);
    if (other)
        ++version_;
}

RelayPlan RelayCopy::plan() const
{
    const std::scoped_lock lock(mutex_);
    return plan_;
}

bool RelayCopy::knows(const std::string& token) const
{
    const std::scoped_lock lock(mutex_);
    const auto is = [&](const std::string& own) {
        return !own.empty() && platform::equalSecrets(own, token);
    };
    return is(plan_.token) || is(oldToken_);
}

void RelayCopy::listening(std::uint16_t port)
{
    const std::scoped_lock lock(mutex_);
    report_.port = port;
}

void RelayCopy::source(const std::string& name)
{
    const std::scoped_lock lock(mutex_);
    report_.source = name;
}

void RelayCopy::got(const std::string& name, std::uint64_t bytes)
{
    if (bytes == 0)
        return;
    const std::scoped_lock lock(mutex_);
    report_.bytesFrom[name] += bytes;
}

void RelayCopy::left(const std::string& name, const std::string& reason)
{
    const std::scoped_lock lock(mutex_);
    if (report_.left.size() < kMostLeft)
        report_.left.push_back({name, reason});
}

wire::AgentRelayReport RelayCopy::report() const
{
    const std::scoped_lock lock(mutex_);
    wire::AgentRelayReport now = report_;
    now.slow = slow_;
    now.bytesPerSecond = rate_;
    now.bytesServed = served_;
    now.children = children_;
    return now;
}

void RelayCopy::reported(std::size_t left)
{
    const std::scoped_lock lock(mutex_);
    report_.left.erase(report_.left.begin(), report_.left.begin() + static_cast<std::ptrdiff_t>(
                                                                        std::min(left, report_.left.size())));
}

} // namespace bm::agent
