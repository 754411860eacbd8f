#pragma once
#include "common/model/clock.h"
#include "common/model/mac_address.h"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bm::pxe {

/// The MAC address that holds a live lease of the IPv4 address @p address at @p now, by dnsmasq's lease file
/// @p text. A line is "<end, seconds since 1970; 0: never> <MAC> <address> <host name or *> <client id or
/// *>" (dnsmasq, src/lease.c); other lines (IPv6, foreign hardware) have no MAC address and are left out.
std::optional<model::MacAddress> leaseHolder(std::string_view text, const std::string& address,
                                             model::UtcTime now);
/// The same for the lease file at @p file, which dnsmasq rewrites at each change. Nothing without the file.
std::optional<model::MacAddress> leaseHolderIn(const std::filesystem::path& file, const std::string& address,
                                               model::UtcTime now);
/// The IPv4 address of the live lease of one of @p macs at @p now; of several leases the one that ends last.
std::optional<std::string> leasedAddress(std::string_view text, std::span<const model::MacAddress> macs,
                                         model::UtcTime now);
/// The same for the lease file at @p file. Nothing without the file.
std::optional<std::string> leasedAddressIn(const std::filesystem::path& file,
                                           std::span<const model::MacAddress> macs, model::UtcTime now);

} // namespace bm::pxe
