#include "common/text/host_address.h"

#include "common/text/lower_case.h"
#include "common/text/names.h"
#include "common/text/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>

#include <fmt/format.h>

namespace bm::text {
namespace {

constexpr std::size_t kLongestName = 253;     ///< RFC 1035
constexpr std::size_t kLongestLabel = 63;     ///< RFC 1035
constexpr std::size_t kLongestInterface = 15; ///< IFNAMSIZ without its end

/// True if an IPv4 address, in host order, can be a machine's.
bool isOfMachine(std::uint32_t address)
{
    constexpr std::uint32_t kMulticast = 0xe;
    return address >> 24U != 0 && address >> 28U != kMulticast && address != 0xffffffff;
}

bool isLabel(std::string_view label)
{
    return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' && label.back() != '-' &&
           std::ranges::all_of(label, [](char c) { return isLetterOrDigit(c) || c == '-'; });
}

/// True if resolvers read a name whose last label is @p label as an IPv4 address.
bool isNumber(std::string_view label)
{
    if (std::ranges::all_of(label, isDigit))
        return true;
    return label.starts_with("0x") && std::ranges::all_of(label.substr(2), isHexDigit);
}

} // namespace

std::optional<HostAddress> HostAddress::ipv4From(std::string_view text)
{
    in_addr address{};
    if (text.size() >= INET_ADDRSTRLEN || ::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1 ||
        !isOfMachine(ntohl(address.s_addr)))
        return std::nullopt;
    return HostAddress(Kind::Ipv4, std::string(text)); // inet_pton() takes the canonical form only
}

std::optional<HostAddress> HostAddress::ipv6From(std::string_view text)
{
    if (text.starts_with('[') != text.ends_with(']'))
        return std::nullopt;
    if (text.starts_with('['))
        text = text.substr(1, text.size() - 2);
    const std::size_t percent = text.find('%');
    const bool zoned = percent != std::string_view::npos;
    const std::string_view zone = zoned ? text.substr(percent + 1) : std::string_view{};
    const std::string_view plain = text.substr(0, percent);
    in6_addr address{};
    if (plain.size() >= INET6_ADDRSTRLEN || ::inet_pton(AF_INET6, std::string(plain).c_str(), &address) != 1)
        return std::nullopt;
    if (zoned && (!IN6_IS_ADDR_LINKLOCAL(&address) || !isPlainName(zone, kLongestInterface)))
        return std::nullopt;
    if (IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_MULTICAST(&address))
        return std::nullopt;
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    if (IN6_IS_ADDR_V4MAPPED(&address))
        return ipv4From(::inet_ntop(AF_INET, &address.s6_addr[12], canonical.data(), canonical.size()));
    ::inet_ntop(AF_INET6, &address, canonical.data(), canonical.size());
    return HostAddress(Kind::Ipv6, canonical.data() + (zoned ? "%" + std::string(zone) : std::string{}));
}

std::optional<HostAddress> HostAddress::nameFrom(std::string_view text)
{
    std::string name = model::lowerCase(text);
    std::string_view rest = name;
    if (rest.ends_with('.'))
        rest.remove_suffix(1);
    if (rest.size() > kLongestName)
        return std::nullopt;
    for (;;) {
        const std::size_t dot = rest.find('.');
        const std::string_view label = rest.substr(0, dot);
        if (!isLabel(label) || (dot == std::string_view::npos && isNumber(label)))
            return std::nullopt;
        if (dot == std::string_view::npos)
            return HostAddress(Kind::Name, std::move(name));
        rest.remove_prefix(dot + 1);
    }
}

std::optional<HostAddress> HostAddress::parse(std::string_view text)
{
    if (text.find('\0') != std::string_view::npos)
        return std::nullopt;
    if (std::optional<HostAddress> v4 = ipv4From(text))
        return v4;
    return text.find(':') == std::string_view::npos ? nameFrom(text) : ipv6From(text);
}

std::optional<HostAddress> HostAddress::parseStored(std::string_view text)
{
    if (std::optional<HostAddress> parsed = parse(text))
        return parsed;
    if (!isPlainName(text, kLongestName))
        return std::nullopt;
    return HostAddress(Kind::Name, std::string(text));
}

std::string HostAddress::authority() const
{
    if (kind_ != Kind::Ipv6)
        return text_;
    const std::size_t percent = text_.find('%');
    if (percent == std::string::npos)
        return "[" + text_ + "]";
    return "[" + text_.substr(0, percent) + "%25" + text_.substr(percent + 1) + "]";
}

std::string HostAddress::authority(std::uint16_t port) const
{
    return fmt::format("{}:{}", authority(), port);
}

} // namespace bm::text
