#include "conductor/fleet/selection/gate_url.h"

#include "common/model/error.h"
#include "common/platform/http_client.h"
#include "common/text/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;

namespace {

/// A URL's parts, as texts with marks.
struct Parts {
    std::string_view scheme; ///< "https://"
    std::string_view user;   ///< "name:password@" or ""; only URLs that an earlier version stored have it
    std::string_view host;   ///< without the brackets around {address}
    std::string_view port;   ///< ":8080" or ""
    std::string_view rest;   ///< path, query and fragment
};

Parts partsOf(std::string_view url)
{
    constexpr std::string_view kAfterScheme = "://";
    Parts parts;
    const std::size_t scheme = url.find(kAfterScheme);
    const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + kAfterScheme.size();
    const std::size_t end = std::min(url.find_first_of("/?#\\", begin), url.size());
    parts.scheme = url.substr(0, begin);
    parts.host = url.substr(begin, end - begin);
    parts.rest = url.substr(end);
    if (const std::size_t at = parts.host.rfind('@'); at != std::string_view::npos) {
        parts.user = parts.host.substr(0, at + 1);
        parts.host.remove_prefix(at + 1);
    }
    const std::size_t colon = parts.host.rfind(':');
    const std::size_t bracket = parts.host.rfind(']');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon)) {
        parts.port = parts.host.substr(colon);
        parts.host = parts.host.substr(0, colon);
    }
    if (parts.host == "[{address}]") // as one writes IPv6
        parts.host = kAddressMark;
    return parts;
}

/// @p text with the values in place of its marks. A value that looks like a mark stays.
std::string filled(std::string_view text, const std::string& address, const std::string& name)
{
    std::string out;
    while (!text.empty()) {
        const bool isAddress = text.starts_with(kAddressMark), isName = text.starts_with(kNameMark);
        out += isAddress ? address : isName ? name : std::string(1, text.front());
        text.remove_prefix(isAddress ? kAddressMark.size() : isName ? kNameMark.size() : 1);
    }
    return out;
}

/// The host of @p parts for one node. @throws Error InvalidInput
text::HostAddress hostOf(const Parts& parts, const std::optional<text::HostAddress>& address,
                         const std::string& name)
{
    if (parts.host == kAddressMark && address)
        return *address;
    const std::string host = filled(parts.host, address ? address->text() : "", name);
    const std::optional<text::HostAddress> parsed = text::HostAddress::parseStored(host);
    if (!parsed)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the gate's URL has the host \"{}\", which is not a host name or IP address",
                                host.substr(0, 80)),
                    "put {name} into the path or the query, or give the node a name that is a host name");
    return *parsed;
}

} // namespace

void checkGateUrl(const std::string& url, std::string_view field)
{
    const auto refuse = [&](std::string_view why, const char* hint) {
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: {}", field, why), hint);
    };
    const Parts parts = partsOf(url);
    if (parts.scheme != "http://" && parts.scheme != "https://")
        refuse("expected an http:// or https:// address", "http://{address}:8080/ready?node={name}");
    const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c <= '~'; });
    if (!printable || parts.rest.starts_with('\\'))
        refuse("the address has a character that URLs do not have", "percent-encode it, as in %20");
    if (!parts.user.empty())
        refuse("the address has user information, which everybody who reads the rollout sees",
               "let the gate accept bmd's address or certificate instead");
    if (!parts.port.empty() && text::parseNumber<std::uint16_t>(parts.port.substr(1)).value_or(0) == 0)
        refuse("the port is not a number from 1 to 65535", "http://{address}:8080/");
    const std::string sample = filled(parts.host, "192.0.2.1", "node-1");
    if (parts.host != kAddressMark && !text::HostAddress::parse(sample))
        refuse("the address has no valid host",
               "a host name, an IP address or {address}: http://{address}:8080/");
}

std::string healthUrl(const std::string& url, const std::optional<text::HostAddress>& address,
                      const std::string& name)
{
    const Parts parts = partsOf(url);
    return fmt::format(
        "{}{}{}{}{}", parts.scheme, parts.user, hostOf(parts, address, name).authority(), parts.port,
        filled(parts.rest, address ? platform::urlEncode(address->text()) : "", platform::urlEncode(name)));
}

} // namespace bm::conductor::fleet
