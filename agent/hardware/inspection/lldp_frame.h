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
    unsigned type = 0; ///< 0 to 127; the end of the list is left out
    std::vector<std::byte> value{};
};

/// What a switch says in one frame.
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

/// @param frame  an Ethernet frame from its destination address on; a VLAN tag is passed over
/// @return nothing where @p frame is no LLDP frame: another type, or it does not begin with chassis, port and
/// time
///   to live, or a TLV reaches beyond the end
std::optional<LldpFrame> parseLldpFrame(std::span<const std::byte> frame);

} // namespace bm::agent
