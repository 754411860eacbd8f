#pragma once
#include <string>
#include <string_view>

namespace bm::agent {

/// Serial number of a VPD page 80h (SPC-4, 7.8.15); "" when the page is not one.
std::string serialFromVpd80(std::string_view page);

struct ScsiWwn {
    std::string wwn;           ///< "0x" and 16 hex digits (what udev calls ID_WWN)
    std::string withExtension; ///< with the vendor's 64 bits where NAA is 6
    std::string vendorExtension;
};
/// The NAA designator of the logical unit in a VPD page 83h (SPC-4, 7.8.5).
ScsiWwn wwnFromVpd83(std::string_view page);
/// From the text of sysfs' wwid: "naa.5000c500a1b2c3d4".
ScsiWwn wwnFromNaa(std::string_view digits);

} // namespace bm::agent
