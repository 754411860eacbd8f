#include "common/http/proxy/trusted_proxies.h"

#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <string_view>

namespace bm::http {
namespace {

using platform::IpAddress;

/// Removes the last entry of a comma-separated list and returns it, trimmed.
std::string_view takeLast(std::string_view& list)
{
    const std::size_t comma = list.rfind(',');
    const std::string_view last = comma == std::string_view::npos ? list : list.substr(comma + 1);
    list = list.substr(0, comma == std::string_view::npos ? 0 : comma);
    return text::trimmed(last, " \t");
}

/// An entry of X-Forwarded-For: "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711".
std::optional<IpAddress> addressOf(std::string_view entry)
{
    const std::size_t bracket = entry.find(']');
    if (entry.starts_with('[') && bracket != std::string_view::npos)
        entry = entry.substr(0, bracket + 1);
    else if (std::count(entry.begin(), entry.end(), ':') == 1)
        entry = entry.substr(0, entry.find(':'));
    if (entry.find('\0') != std::string_view::npos)
        return std::nullopt;
    return platform::ipFromText(entry);
}

} // namespace

bool TrustedProxies::contain(const std::string& address) const
{
    if (networks.empty())
        return false;
    const std::optional<IpAddress> parsed = platform::ipFromText(address);
    return parsed && platform::contains(networks, *parsed);
}

ForwardedClient clientBehind(const TrustedProxies& proxies, const ForwardedClient& peer,
                             const std::vector<std::string>& forwardedFor,
                             const std::vector<std::string>& forwardedProto)
{
    ForwardedClient client = peer;
    if (!forwardedProto.empty()) {
        std::string_view list = forwardedProto.back();
        const std::string scheme = model::lowerCase(takeLast(list)); // the nearest proxy's
        if (scheme == "https" || scheme == "http")
            client.https = scheme == "https";
    }
    for (auto field = forwardedFor.rbegin(); field != forwardedFor.rend(); ++field)
        for (std::string_view list = *field; !list.empty();) {
            const std::string_view entry = takeLast(list);
            const std::optional<IpAddress> address = addressOf(entry);
            if (!address)
                return client;
            client.address = platform::toText(*address);
            if (!platform::contains(proxies.networks, *address))
                return client;
        }
    return client;
}

} // namespace bm::http
