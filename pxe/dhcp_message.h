#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bm::pxe {

/// A DHCP server's offer.
struct DhcpOffer {
    std::string server;   ///< its identifier (option 54), else the address it was sent from
    std::string offered;  ///< the address offered; "0.0.0.0": none, a proxy
    std::string bootFile; ///< "" none
};

/// A broadcast Ethernet frame with the DHCPDISCOVER of a network-booting UEFI machine.
std::vector<std::uint8_t> discoverFrame(std::uint32_t transaction);

/// The offer that answers @p transaction, from one Ethernet frame; nothing where the frame is none. Pure;
/// takes any bytes.
std::optional<DhcpOffer> offerFrom(std::span<const std::uint8_t> frame, std::uint32_t transaction);

} // namespace bm::pxe
