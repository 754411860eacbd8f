#pragma once
#include "pxe/boot_services.h"

#include <optional>
#include <string>
#include <string_view>

namespace bm::pxe {

/// Parses one line of dnsmasq's log ("dnsmasq-dhcp[7]: 123 DHCPACK(eth1) 10.77.0.101 52:54:00:.. name").
/// @return nothing when the line concerns no machine; the contact's time is zero
std::optional<BootContact> contactFromDnsmasq(std::string_view line);
/// The vendor class of a DHCP message, which dnsmasq logs in a line before the message's.
struct VendorClass {
    std::string beginning; ///< of all lines of that transaction: "dnsmasq-dhcp[7]: 123 "
    std::string text;      ///< "PXEClient:Arch:00007:UNDI:003016"
};
/// Parses "dnsmasq-dhcp[7]: 123 vendor class: PXEClient:Arch:00007:UNDI:003016".
std::optional<VendorClass> vendorClassFromDnsmasq(std::string_view line);
/// Parses one datagram of in.tftpd to syslog ("<29>Jan  1 00:00:00 in.tftpd[1]: RRQ from 10.77.0.101 filename
/// snponly.efi"), likewise.
std::optional<BootContact> contactFromTftpd(std::string_view datagram);

} // namespace bm::pxe
