#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace bm::platform {

/// An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (::ffff:0:0/96, RFC 4291, 2.5.5.2) is the IPv4
/// address: the kernel connects to the same place.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{}; ///< network order; of IPv4 the first four
    bool v6 = false;
    std::size_t bits() const noexcept { return v6 ? 128 : 32; }
    auto operator<=>(const IpAddress&) const = default;
};

/// Parses "10.0.0.1", "fd00::1" or "[fd00::1]". nullopt for anything else: a name, a zone ("fe80::1%eth0").
std::optional<IpAddress> ipFromText(std::string_view text);
/// The name by which limits count a client: its IPv4 address, or the /64 of its IPv6 address
/// ("2001:db8::/64"), because one client has all addresses of a /64. Other text stays as it is.
std::string clientOf(const std::string& address);
/// nullopt for a family other than IPv4 and IPv6.
std::optional<IpAddress> ipFromSockaddr(const sockaddr& address);
/// "10.0.0.1", "fd00::1".
std::string toText(const IpAddress& address);

struct IpNetwork {
    IpAddress address{};
    std::size_t prefix = 0; ///< bits
    /// False for the other family.
    bool contains(const IpAddress& other) const noexcept;
};

/// True if one of @p networks contains @p address.
bool contains(const std::vector<IpNetwork>& networks, const IpAddress& address);
/// Parses "10.0.0.0/8"; without a prefix: that address alone. nullopt for anything else.
std::optional<IpNetwork> networkFromText(std::string_view text);

/// True if @p address (IPv4 or IPv6) is in @p subnet ("10.0.0.0/8"; without a prefix: that address). False
/// for different families. @throws Error InvalidInput: not an address, not a subnet
bool isInSubnet(const std::string& address, const std::string& subnet);

} // namespace bm::platform
