#pragma once
#include "pxe/boot_services.h"

#include <string>
#include <vector>

namespace bm::pxe {

/// dnsmasq's configuration for the mode (Managed or Proxy): DHCP only, in the foreground, logging to stderr.
/// dnsmasq tags the machines of the hosts file "known" by itself and gives them the boot file; the
/// provisioning listener chooses the script at each request.
std::string dnsmasqConfig(const BootSettings& settings);
/// The text of dhcp-hostsfile: one line per machine; dnsmasq reads it again on SIGHUP. Omits names that are
/// no host names, and names that dnsmasq reads as a lease time or keyword ("12h"). No set:TAG here:
/// dnsmasq 2.90 aborts on the SIGHUP after it answered a machine that has one (it frees the packet's tags
/// along with the machine's).
std::string dhcpHosts(const std::vector<BootHost>& hosts);
/// The URL of the boot script for iPXE, with iPXE's own variables in it.
std::string scriptUrl(const BootSettings& settings);

} // namespace bm::pxe
