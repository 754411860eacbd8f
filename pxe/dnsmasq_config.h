#pragma once
#include "pxe/boot_services.h"

#include <string>
#include <vector>

namespace bm::pxe {

/// dnsmasq's configuration for the mode (Managed or Proxy): DHCP only, in the foreground, logging to stderr.
/// Boot files go to the machines of the hosts file, which dnsmasq tags "known" by itself; which script they
/// then get is decided per request.
std::string dnsmasqConfig(const BootSettings& settings);
/// The text of dhcp-hostsfile: one line per machine, read again on SIGHUP. Names that are no host names, or
/// that dnsmasq would read as something else ("12h"), are left out. No set:TAG here: dnsmasq 2.90 aborts on
/// the SIGHUP after it answered a machine that has one (it frees the packet's tags with the machine's).
std::string dhcpHosts(const std::vector<BootHost>& hosts);
/// The URL that iPXE is sent to, with iPXE's own variables in it.
std::string scriptUrl(const BootSettings& settings);

} // namespace bm::pxe
