#pragma once
#include <string>
#include <vector>

namespace bm::agent {

/// An interface of this machine with its addresses; "" where it has none.
struct HostAddress {
    std::string interface;
    std::string mac;
    std::string ipv4;
    std::string ipv6; ///< a global one rather than fe80::
};

/// All but loopback, in the kernel's order. Never throws.
std::vector<HostAddress> hostAddresses();

/// The one that has @p mac and an IPv4 or IPv6 address (a VLAN device has its NIC's MAC), else the first that
/// has an address; nullptr: none has.
const HostAddress* addressBy(const std::vector<HostAddress>& all, const std::string& mac);

} // namespace bm::agent
