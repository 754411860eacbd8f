#include "common/platform/outgoing_policy.h"

#include "common/platform/guarded.h"
#include "common/platform/log.h"
#include "common/platform/special_networks.h"
#include "common/platform/urls.h"
#include "common/text/lower_case.h"
#include "common/text/printable.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <ifaddrs.h>

namespace bm::platform {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kLongestName = 253; // RFC 1035, without the dot at the end

std::string plainHost(std::string_view host)
{
    std::string plain = model::lowerCase(host);
    while (plain.ends_with('.'))
        plain.pop_back();
    return plain;
}

bool isHostName(std::string_view text)
{
    const auto fits = [](char c) {
        return text::isDigit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
    };
    const bool letter = std::ranges::any_of(text, [](char c) { return c >= 'a' && c <= 'z'; });
    return letter && text.size() <= kLongestName && std::ranges::all_of(text, fits) &&
           !text.starts_with('-') && !text.starts_with('.') && text.find("..") == std::string_view::npos;
}

struct HostAndPort {
    std::string_view host;
    std::optional<std::string_view> port{};
};

HostAndPort split(std::string_view text)
{
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':'))
            return {};
        const std::string_view host = text.substr(1, end - 1);
        return end + 1 == text.size() ? HostAndPort{host} : HostAndPort{host, text.substr(end + 2)};
    }
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos)
        return {text};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

std::vector<IpAddress> localAddresses()
{
    std::vector<IpAddress> found;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return found;
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> list(first, ::freeifaddrs);
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next)
        if (one->ifa_addr != nullptr)
            if (const std::optional<IpAddress> address = ipFromSockaddr(*one->ifa_addr))
                found.push_back(*address);
    return found;
}

bool isUnspecified(const IpAddress& address)
{
    return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool matches(const std::vector<OutgoingTarget>& targets, const std::string& host, const IpAddress& address,
             std::uint16_t port)
{
    return std::ranges::any_of(targets, [&](const OutgoingTarget& target) {
        const bool fits = target.network ? target.network->contains(address) : target.host == host;
        return fits && (target.port == 0 || target.port == port);
    });
}

bool namesHost(const std::vector<OutgoingTarget>& targets, const Destination& to)
{
    return std::ranges::any_of(targets, [&](const OutgoingTarget& target) {
        return !target.network && target.host == to.host && (target.port == 0 || target.port == to.port);
    });
}

std::vector<IpAddress> withEmbedded(const IpAddress& address)
{
    std::vector<IpAddress> all = embeddedIpv4(address);
    all.insert(all.begin(), address);
    return all;
}

} // namespace

OutgoingTarget parseOutgoingTarget(std::string_view text)
{
    const HostAndPort parts = split(text);
    OutgoingTarget target;
    target.network = networkFromText(parts.host);
    if (!target.network)
        target.host = plainHost(parts.host);
    const std::optional<std::uint16_t> port =
        parts.port ? text::parseNumber<std::uint16_t>(*parts.port) : std::nullopt;
    if ((parts.port && port.value_or(0) == 0) || (!target.network && !isHostName(target.host)))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("\"{}\" is neither a network, an address nor a host name",
                                text::printable(text.substr(0, 80))),
                    "for example 10.0.0.0/8, 192.0.2.7:8080, [fd00::1]:443 or images.example:8443");
    target.port = port.value_or(0);
    return target;
}

std::string_view toText(Asker asker) noexcept
{
    return asker == Asker::Project ? "project" : "system";
}

Asker askerFromText(std::string_view text) noexcept
{
    return text == "system" ? Asker::System : Asker::Project; // an unknown text gets the stricter policy
}

Destination destinationOf(const std::string& url)
{
    const UrlParts parts = urlParts(url);
    std::string host = plainHost(parts.host);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    return {model::lowerCase(parts.scheme), std::move(host), parts.port};
}

struct OutgoingPolicy::State {
    struct Listener {
        std::string host{};                 ///< "": by address
        std::optional<IpAddress> address{}; ///< nullopt: all of the machine's, unless there is a host
        std::uint16_t port = 0;
    };
    explicit State(OutgoingSettings given) : settings(std::move(given)) {}

    OutgoingSettings settings;
    Guarded<std::vector<Listener>> listeners;
};

OutgoingPolicy::OutgoingPolicy(OutgoingSettings settings)
    : state_(std::make_unique<State>(std::move(settings)))
{}

OutgoingPolicy::~OutgoingPolicy() = default;

void OutgoingPolicy::addListener(const std::string& address, std::uint16_t port)
{
    auto listeners = state_->listeners.lock();
    if (address == "localhost") {
        listeners->push_back({{}, ipFromText("127.0.0.1"), port});
        listeners->push_back({{}, ipFromText("::1"), port});
        return;
    }
    const std::optional<IpAddress> numeric = ipFromText(address);
    if (numeric)
        listeners->push_back({{}, isUnspecified(*numeric) ? std::nullopt : numeric, port});
    else
        listeners->push_back({plainHost(address), {}, port});
}

bool OutgoingPolicy::isOwnListener(const std::string& host, const IpAddress& address,
                                   std::uint16_t port) const
{
    auto listeners = state_->listeners.lock();
    return std::ranges::any_of(*listeners, [&](const State::Listener& listener) {
        if (listener.port != port)
            return false;
        if (!listener.host.empty())
            return listener.host == host;
        if (isUnspecified(address))
            return true;
        if (listener.address)
            return *listener.address == address;
        const std::vector<IpAddress> local = localAddresses();
        return kindOf(address) == AddressKind::Loopback || std::ranges::find(local, address) != local.end();
    });
}

std::optional<std::string> OutgoingPolicy::refusal(Asker asker, const Destination& to,
                                                   const IpAddress& address, bool configured) const
{
    const OutgoingSettings& settings = state_->settings;
    const std::vector<IpAddress> all = withEmbedded(address);
    for (const IpAddress& one : all)
        if (isOwnListener(to.host, one, to.port))
            return "a listener of bmd itself";
    if (asker == Asker::Project && !settings.projectsOnly.empty() &&
        !matches(settings.projectsOnly, to.host, address, to.port))
        return "an address that outgoing.projects_only does not list";
    if (configured || matches(settings.allow, to.host, address, to.port))
        return std::nullopt;
    for (const IpAddress& one : all) {
        if (matches(settings.allow, to.host, one, to.port))
            continue;
        if (const AddressKind kind = kindOf(one); kind != AddressKind::Ordinary)
            return std::string(toText(kind));
        if (contains(settings.bmcNetworks, one))
            return "a network of BMCs (bmc.networks)";
    }
    return std::nullopt;
}

std::optional<std::string> OutgoingPolicy::refusalOfHost(Asker asker, const Destination& to,
                                                         bool configured) const
{
    if (to.host.empty())
        return "no host";
    if (const std::optional<IpAddress> address = ipFromText(to.host))
        return refusal(asker, to, *address, configured);
    if (asker == Asker::Project && !state_->settings.projectsOnly.empty() && !proxyFor(to).empty() &&
        !namesHost(state_->settings.projectsOnly, to))
        return "a host that outgoing.projects_only does not list";
    return std::nullopt;
}

std::optional<std::string> OutgoingPolicy::bmcRefusal(const IpAddress& address, std::uint16_t port) const
{
    const OutgoingSettings& settings = state_->settings;
    const auto loopbackAllowed = [&](const IpAddress& one) {
        return settings.bmcOnLoopback ||
               std::ranges::any_of(settings.bmcNetworks, [&](const IpNetwork& network) {
                   return network.contains(one) && kindOf(network.address) == AddressKind::Loopback &&
                          network.prefix >= 8; // 0.0.0.0/0 does not mean loopback
               });
    };
    for (const IpAddress& one : withEmbedded(address)) {
        if (isOwnListener("", one, port))
            return "a listener of bmd itself";
        const AddressKind kind = kindOf(one);
        if (kind != AddressKind::Ordinary && !(kind == AddressKind::Loopback && loopbackAllowed(one)))
            return std::string(toText(kind));
    }
    if (!settings.bmcNetworks.empty() && !contains(settings.bmcNetworks, address) &&
        !(settings.bmcOnLoopback && kindOf(address) == AddressKind::Loopback))
        return "an address outside of bmc.networks";
    return std::nullopt;
}

std::string OutgoingPolicy::proxyFor(const Destination& to) const
{
    const OutgoingSettings& settings = state_->settings;
    return namesHost(settings.allow, to) ? settings.proxy : std::string();
}

Reach Reach::configuredAt(const std::string& url) const
{
    Reach reach = *this;
    reach.configured_ = destinationOf(url);
    return reach;
}

void Reach::requireUrl(const std::string& url, const std::string& shown) const
{
    if (!checks())
        return;
    const Destination to = destinationOf(url);
    if (const std::optional<std::string> why = policy_->refusalOfHost(asker_, to, isConfigured(to)))
        throw refused(shown.empty() ? shownUrl(url) : shown, shownUrl(url), *why);
}

std::optional<std::string> Reach::refusal(const Destination& to, const IpAddress& address) const
{
    return checks() ? policy_->refusal(asker_, to, address, isConfigured(to)) : std::nullopt;
}

std::string Reach::proxyFor(const Destination& to) const
{
    return checks() ? policy_->proxyFor(to) : std::string();
}

Error Reach::refused(const std::string& shown, const std::string& where, const std::string& why) const
{
    logWarning("outgoing", "refused a request for the {}: {} resolves to {}", toText(asker_),
               text::printable(where), why);
    if (asker_ == Asker::Project)
        return {ErrorCode::InvalidInput,
                shown + " leads to an address that bmd does not request for projects",
                "ask an operator of bmd, or use an image of the catalogue"};
    return {ErrorCode::InvalidInput, fmt::format("{} leads to {}, which bmd does not request", shown, why),
            "exceptions are in outgoing.allow (bmd.yaml); docs/security.md lists the rules"};
}

} // namespace bm::platform
