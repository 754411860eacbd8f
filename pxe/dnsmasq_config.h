#pragma once
#include "pxe/boot_services.h"

#include <string>
#include <vector>

namespace bm::pxe {

/// dnsmasq's configuration for the mode (Managed or Proxy): DHCP only, in the foreground, logging to stderr.
/// Boot files go to hosts tagged "known" by the hosts file; which script they then get is decided per request.
std::string dnsmasqConfig(const BootSettings& settings);
/// The text of dhcp-hostsfile: one line per machine, read again on SIGHUP. Names that are no host names are left out.
std::string dhcpHosts(const std::vector<BootHost>& hosts);
/// The URL that iPXE is sent to, with iPXE's own variables in it.
std::string scriptUrl(const BootSettings& settings);

} // namespace bm::pxe
