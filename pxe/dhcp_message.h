#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bm::pxe {

/// A DHCP server's offer.
struct DhcpOffer {
    std::string server;   ///< its identifier (option 54), else the sender's address
    std::string offered;  ///< the machine's address; "0.0.0.0": none, a proxy's offer
    std::string bootFile; ///< "" none
};

/// A broadcast Ethernet frame with the DHCPDISCOVER of a network-booting UEFI machine.
std::vector<std::uint8_t> discoverFrame(std::uint32_t transaction);

/// Parses one Ethernet frame. Pure; takes any bytes. @return the offer that answers @p transaction; nothing
/// when the frame holds no such offer
std::optional<DhcpOffer> offerFrom(std::span<const std::uint8_t> frame, std::uint32_t transaction);

} // namespace bm::pxe
