#pragma once
#include "common/model/deadline.h"
#include "pxe/dhcp_message.h"

#include <string>
#include <vector>

namespace bm::pxe {

/// Broadcasts a DHCPDISCOVER on @p interface twice, as an unknown network-booting machine does, and collects
/// the offers of other hosts until @p deadline, three seconds at most. A DHCP server on this host does not
/// receive it: the kernel does not loop sent frames back. One row per server.
/// @throws Error NotFound (no such interface), Forbidden (no CAP_NET_RAW), Unavailable (interface down)
std::vector<DhcpOffer> probeDhcp(const std::string& interface, const model::Deadline& deadline);

} // namespace bm::pxe
