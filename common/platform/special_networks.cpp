#include "common/platform/special_networks.h"

#include <array>

namespace bm::platform {
namespace {

using enum AddressKind;

constexpr auto kSpecial = std::to_array<SpecialNetwork>({
    {"0.0.0.0/8", Loopback, "RFC 1122, 3.2.1.3: this host; Linux connects to its own loopback"},
    {"127.0.0.0/8", Loopback, "RFC 1122, 3.2.1.3"},
    {"::/128", Loopback, "RFC 4291, 2.5.2: unspecified; Linux connects to its own loopback"},
    {"::1/128", Loopback, "RFC 4291, 2.5.3"},
    {"169.254.0.0/16", LinkLocal, "RFC 3927; metadata of AWS, Azure, Google Cloud, OpenStack"},
    {"fe80::/10", LinkLocal, "RFC 4291, 2.5.6; metadata of OpenStack (fe80::a9fe:a9fe)"},
    {"fec0::/10", LinkLocal, "RFC 3879: site-local, deprecated"},
    {"100.100.100.200/32", Metadata, "Alibaba Cloud"},
    {"168.63.129.16/32", Metadata, "Azure, the host's agent"},
    {"192.0.0.192/32", Metadata, "Oracle Cloud"},
    {"fd00:ec2::/32", Metadata, "AWS: fd00:ec2::254 and the services beside it"},
    {"fd20:ce::254/128", Metadata, "Google Cloud"},
    {"fd00:42::42/128", Metadata, "Scaleway"},
    {"224.0.0.0/4", Reserved, "RFC 5771: multicast"},
    {"240.0.0.0/4", Reserved, "RFC 1112, 4: reserved; RFC 919: broadcast"},
    {"ff00::/8", Reserved, "RFC 4291, 2.7: multicast"},
});

/// The four bytes of an IPv4 address in an IPv6 address.
struct Embedding {
    std::string_view network;
    std::array<std::uint8_t, 4> at;
    bool inverted;
    bool guessed; ///< one layout of several: an address in 0.0.0.0/8 means that it is another one
    std::string_view source;
};

constexpr auto kEmbeddings = std::to_array<Embedding>({
    {"::/96", {12, 13, 14, 15}, false, false, "RFC 4291, 2.5.5.1: IPv4-compatible"},
    {"::ffff:0:0:0/96", {12, 13, 14, 15}, false, false, "RFC 2765, 2.1: IPv4-translated"},
    {"64:ff9b::/96", {12, 13, 14, 15}, false, false, "RFC 6052, 2.1: NAT64"},
    {"64:ff9b:1::/48", {6, 7, 9, 10}, false, true, "RFC 8215: local NAT64; RFC 6052, 2.2: /48"},
    {"64:ff9b:1::/48", {7, 9, 10, 11}, false, true, "RFC 6052, 2.2: /56"},
    {"64:ff9b:1::/48", {9, 10, 11, 12}, false, true, "RFC 6052, 2.2: /64"},
    {"64:ff9b:1::/48", {12, 13, 14, 15}, false, true, "RFC 6052, 2.2: /96"},
    {"2002::/16", {2, 3, 4, 5}, false, false, "RFC 3056, 2: 6to4"},
    {"2001::/32", {4, 5, 6, 7}, false, false, "RFC 4380, 4: Teredo's server"},
    {"2001::/32", {12, 13, 14, 15}, true, false, "RFC 4380, 4: Teredo's client"},
});

/// The networks of a table, parsed once.
template <class Rows> std::vector<IpNetwork> parsed(const Rows& rows)
{
    std::vector<IpNetwork> networks;
    networks.reserve(rows.size());
    for (const auto& row : rows)
        networks.push_back(networkFromText(row.network).value());
    return networks;
}

} // namespace

std::string_view toText(AddressKind kind) noexcept
{
    switch (kind) {
    case Ordinary:
        return "an ordinary address";
    case Loopback:
        return "a loopback address";
    case LinkLocal:
        return "a link-local address";
    case Metadata:
        return "an address of cloud metadata";
    case Reserved:
        return "a reserved address";
    }
    return "";
}

std::span<const SpecialNetwork> specialNetworks() noexcept
{
    return kSpecial;
}

AddressKind kindOf(const IpAddress& address)
{
    static const std::vector<IpNetwork> networks = parsed(kSpecial);
    for (std::size_t i = 0; i < networks.size(); ++i)
        if (networks[i].contains(address))
            return kSpecial[i].kind;
    return Ordinary;
}

std::vector<IpAddress> embeddedIpv4(const IpAddress& address)
{
    static const std::vector<IpNetwork> networks = parsed(kEmbeddings);
    std::vector<IpAddress> found;
    for (std::size_t i = 0; i < networks.size(); ++i) {
        if (!networks[i].contains(address))
            continue;
        const Embedding& row = kEmbeddings[i];
        IpAddress inner;
        for (std::size_t byte = 0; byte < row.at.size(); ++byte)
            inner.bytes[byte] =
                static_cast<std::uint8_t>(address.bytes[row.at[byte]] ^ (row.inverted ? 0xffU : 0U));
        if (!row.guessed || inner.bytes[0] != 0)
            found.push_back(inner);
    }
    return found;
}

} // namespace bm::platform
