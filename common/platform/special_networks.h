#pragma once
#include "common/platform/ip_address.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace bm::platform {

/// The use of an address, for the rules of outgoing requests.
enum class AddressKind : std::uint8_t {
    Ordinary,
    Loopback,  ///< this host, under the addresses that the kernel connects to itself
    LinkLocal, ///< reachable without a router; clouds serve metadata there
    Metadata,  ///< credentials and settings of a cloud's virtual machines
    Reserved,  ///< multicast, broadcast, reserved
};
/// "a loopback address".
std::string_view toText(AddressKind kind) noexcept;

struct SpecialNetwork {
    std::string_view network;
    AddressKind kind;
    std::string_view source; ///< RFC or the cloud's documentation
};
/// Networks of a kind other than Ordinary.
std::span<const SpecialNetwork> specialNetworks() noexcept;

AddressKind kindOf(const IpAddress& address);

/// The IPv4 addresses that a translator or a tunnel would take from @p address (NAT64, 6to4, Teredo,
/// IPv4-compatible); none for IPv4. Where the layout is the translator's choice (64:ff9b:1::/48), every
/// layout counts.
std::vector<IpAddress> embeddedIpv4(const IpAddress& address);

} // namespace bm::platform
