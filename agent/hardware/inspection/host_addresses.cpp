#include "agent/hardware/inspection/host_addresses.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <memory>
#include <net/if.h>
#include <netinet/in.h>

namespace bm::agent {
namespace {

constexpr unsigned kMacBytes = 6;

/// Copies the address, because the pointer's type differs from the real type.
template <class Address> Address as(const sockaddr* address)
{
    Address out{};
    std::copy_n(static_cast<const unsigned char*>(static_cast<const void*>(address)), sizeof out,
                static_cast<unsigned char*>(static_cast<void*>(&out)));
    return out;
}

std::string textOf(int family, const void* address)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    return ::inet_ntop(family, address, text.data(), text.size()) != nullptr ? text.data() : "";
}

void take(const sockaddr* address, HostAddress& out)
{
    if (address->sa_family == AF_PACKET) {
        const auto link = as<sockaddr_ll>(address);
        if (link.sll_halen == kMacBytes)
            for (unsigned i = 0; i < kMacBytes; ++i)
                out.mac += fmt::format("{}{:02x}", i == 0 ? "" : ":", link.sll_addr[i]);
    } else if (address->sa_family == AF_INET && out.ipv4.empty()) {
        const auto internet = as<sockaddr_in>(address);
        out.ipv4 = textOf(AF_INET, &internet.sin_addr);
    } else if (address->sa_family == AF_INET6 && (out.ipv6.empty() || out.ipv6.starts_with("fe80:"))) {
        const auto internet = as<sockaddr_in6>(address);
        out.ipv6 = textOf(AF_INET6, &internet.sin6_addr);
    }
}

} // namespace

std::vector<HostAddress> hostAddresses()
{
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return {};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(first, &::freeifaddrs);
    std::vector<HostAddress> out;
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || (entry->ifa_flags & IFF_LOOPBACK) != 0)
            continue;
        auto known = std::ranges::find(out, entry->ifa_name, &HostAddress::interface);
        if (known == out.end())
            known = out.insert(out.end(), HostAddress{entry->ifa_name, {}, {}, {}});
        take(entry->ifa_addr, *known);
    }
    return out;
}

const HostAddress* addressBy(const std::vector<HostAddress>& all, const std::string& mac)
{
    const HostAddress* other = nullptr;
    for (const HostAddress& host : all) {
        if (host.ipv4.empty() && host.ipv6.empty())
            continue;
        if (!mac.empty() && host.mac == mac)
            return &host;
        other = other == nullptr ? &host : other;
    }
    return other;
}

} // namespace bm::agent
