#pragma once
#include <string>
#include <vector>

namespace bm::agent {

/// An interface of this machine with its addresses; "" for a missing one.
struct HostAddress {
    std::string interface;
    std::string mac;
    std::string ipv4;
    std::string ipv6; ///< prefers a global address to fe80::
};

/// All interfaces except loopback, in the kernel's order. Never throws.
std::vector<HostAddress> hostAddresses();

/// The interface with @p mac and an IPv4 or IPv6 address (a VLAN device has its NIC's MAC), else the first
/// interface with an address; nullptr without one.
const HostAddress* addressBy(const std::vector<HostAddress>& all, const std::string& mac);

} // namespace bm::agent
