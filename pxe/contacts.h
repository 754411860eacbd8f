#pragma once
#include "pxe/boot_services.h"

#include <optional>
#include <string_view>

namespace bm::pxe {

/// One line of dnsmasq's log ("dnsmasq-dhcp[7]: 123 DHCPACK(eth1) 10.77.0.101 52:54:00:.. name"); nothing
/// when it tells of no machine. The time is left at zero.
std::optional<BootContact> contactFromDnsmasq(std::string_view line);
/// One datagram that in.tftpd sent to syslog ("<29>Jan  1 00:00:00 in.tftpd[1]: RRQ from 10.77.0.101 filename
/// snponly.efi").
std::optional<BootContact> contactFromTftpd(std::string_view datagram);

} // namespace bm::pxe
