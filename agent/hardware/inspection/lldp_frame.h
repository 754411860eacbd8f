#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bm::agent {

/// One type-length-value of an LLDP frame (IEEE 802.1AB-2016, 8.4).
struct LldpTlv {
    unsigned type = 0; ///< 0 to 127; excludes the end marker
    std::vector<std::byte> value{};
};

/// The content of one frame of a switch.
struct LldpFrame {
    std::vector<LldpTlv> tlvs{};
    std::string chassisId{}; ///< "52:54:00:12:34:56", an address or a name
    std::string portId{};
    unsigned ttlSeconds = 0;
    std::string portDescription{};
    std::string systemName{};
    std::string systemDescription{};
    std::string managementAddress{};      ///< the first one
    std::optional<unsigned> portVlanId{}; ///< IEEE 802.1 organisationally specific
};

/// @param frame  an Ethernet frame from its destination address on; skips a VLAN tag
/// @return nothing when @p frame is not an LLDP frame: another type, no chassis, port and time to live at its
/// begin, or a TLV past its end
std::optional<LldpFrame> parseLldpFrame(std::span<const std::byte> frame);

} // namespace bm::agent
