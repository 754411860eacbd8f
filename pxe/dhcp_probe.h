#pragma once
#include "common/model/deadline.h"
#include "pxe/dhcp_message.h"

#include <string>
#include <vector>

namespace bm::pxe {

/// Broadcasts a DHCPDISCOVER on @p interface, twice, as a network-booting machine that nobody knows would,
/// and collects what other hosts offer until @p deadline, three seconds at most. A server on this host does
/// not hear it: frames that are sent do not come back. One row per server.
/// @throws Error NotFound (no such interface), Forbidden (no CAP_NET_RAW), Unavailable (interface down)
std::vector<DhcpOffer> probeDhcp(const std::string& interface, const model::Deadline& deadline);

} // namespace bm::pxe
