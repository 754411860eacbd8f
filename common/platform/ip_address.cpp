#include "common/platform/ip_address.h"

#include "common/model/error.h"
#include "common/text/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>

namespace bm::platform {
namespace {

constexpr std::size_t kMappedBits = 96;

IpAddress v4Address(const void* bytes)
{
    IpAddress address;
    std::memcpy(address.bytes.data(), bytes, 4);
    return address;
}

bool isMapped(const std::uint8_t* bytes)
{
    return std::all_of(bytes, bytes + 10, [](std::uint8_t byte) { return byte == 0; }) && bytes[10] == 0xff &&
           bytes[11] == 0xff;
}

IpAddress v6Address(const void* bytes)
{
    const auto* octets = static_cast<const std::uint8_t*>(bytes);
    if (isMapped(octets))
        return v4Address(octets + 12);
    IpAddress address;
    address.v6 = true;
    std::copy_n(octets, address.bytes.size(), address.bytes.begin());
    return address;
}

} // namespace

std::optional<IpAddress> ipFromText(std::string_view text)
{
    const bool bracketed = text.starts_with('[') && text.ends_with(']');
    const std::string bare(bracketed ? text.substr(1, text.size() - 2) : text);
    std::array<std::uint8_t, 16> bytes{};
    if (!bracketed && ::inet_pton(AF_INET, bare.c_str(), bytes.data()) == 1)
        return v4Address(bytes.data());
    if (::inet_pton(AF_INET6, bare.c_str(), bytes.data()) == 1)
        return v6Address(bytes.data());
    return std::nullopt;
}

std::string clientOf(const std::string& address)
{
    constexpr std::ptrdiff_t kNetworkBytes = 8;
    std::optional<IpAddress> parsed = ipFromText(std::string_view(address).substr(0, address.find('%')));
    if (!parsed || !parsed->v6)
        return address;
    std::fill(parsed->bytes.begin() + kNetworkBytes, parsed->bytes.end(), std::uint8_t{0});
    return toText(*parsed) + "/64";
}

std::optional<IpAddress> ipFromSockaddr(const sockaddr& address)
{
    if (address.sa_family == AF_INET)
        return v4Address(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
    if (address.sa_family == AF_INET6)
        return v6Address(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr);
    return std::nullopt;
}

std::string toText(const IpAddress& address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
    return text.data();
}

bool IpNetwork::contains(const IpAddress& other) const noexcept
{
    if (other.v6 != address.v6)
        return false;
    for (std::size_t bit = 0; bit < prefix; ++bit)
        if (((address.bytes[bit / 8] ^ other.bytes[bit / 8]) & (0x80U >> (bit % 8))) != 0)
            return false;
    return true;
}

bool contains(const std::vector<IpNetwork>& networks, const IpAddress& address)
{
    return std::ranges::any_of(networks, [&](const IpNetwork& network) { return network.contains(address); });
}

std::optional<IpNetwork> networkFromText(std::string_view text)
{
    const std::size_t slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    const std::optional<IpAddress> address = ipFromText(host);
    if (!address)
        return std::nullopt;
    if (slash == std::string_view::npos)
        return IpNetwork{*address, address->bits()};
    std::optional<std::size_t> prefix = text::parseNumber<std::size_t>(text.substr(slash + 1));
    if (prefix && !address->v6 && host.find(':') != std::string_view::npos) // "::ffff:10.0.0.0/104"
        prefix = *prefix < kMappedBits ? std::nullopt : std::optional(*prefix - kMappedBits);
    if (!prefix || *prefix > address->bits())
        return std::nullopt;
    return IpNetwork{*address, *prefix};
}

bool isInSubnet(const std::string& address, const std::string& subnet)
{
    const auto refuse = [](const std::string& text, const char* what, const char* hint) {
        throw model::Error(model::ErrorCode::InvalidInput, "\"" + text.substr(0, 80) + "\" is not " + what,
                           hint);
    };
    const std::optional<IpAddress> one = ipFromText(address);
    if (!one)
        refuse(address, "an IP address", "");
    const std::optional<IpNetwork> net = networkFromText(subnet);
    if (!net)
        refuse(subnet, "a subnet", "for example 10.0.0.0/8");
    return net->contains(*one);
}

} // namespace bm::platform
