#include "bmd/interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <array>
#include <cstring>
#include <memory>

namespace bm::bmd {
namespace {

std::string textOf(const sockaddr* address)
{
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, address, sizeof ipv4);
    std::array<char, INET_ADDRSTRLEN> text{};
    ::inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
    return text.data();
}

} // namespace

std::optional<InterfaceAddress> findInterface(const std::string& name)
{
    if (::if_nametoindex(name.c_str()) == 0)
        return std::nullopt;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return InterfaceAddress{};
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(first, &::freeifaddrs);
    for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next)
        if (name == entry->ifa_name && entry->ifa_addr != nullptr && entry->ifa_addr->sa_family == AF_INET &&
            entry->ifa_netmask != nullptr)
            return InterfaceAddress{textOf(entry->ifa_addr), textOf(entry->ifa_netmask)};
    return InterfaceAddress{};
}

std::vector<std::string> interfaceNames()
{
    std::vector<std::string> names;
    struct if_nameindex* all = ::if_nameindex();
    if (all == nullptr)
        return names;
    for (const struct if_nameindex* entry = all; entry->if_index != 0; ++entry)
        names.emplace_back(entry->if_name);
    ::if_freenameindex(all);
    return names;
}

} // namespace bm::bmd
