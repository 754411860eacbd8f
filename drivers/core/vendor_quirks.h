#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

namespace bm::drivers {

/// The deviations of a vendor's boards in UEFI mode, after Ironic.
struct VendorQuirks {
    /// The boot device selector of the disk, second byte of the boot flags (IPMI 2.0, table 28-14).
    /// Supermicro's boards start the disk by the selector of "primary remote media", 0x24.
    std::uint8_t uefiDisk = 0x08;
    /// The firmware restores its boot entries, without a new one, when its BMC sets a boot device (Lenovo;
    /// Ironic's bug 2053064).
    bool bootDeviceUndoesEntries = false;
};

/// The quirks of the vendor named @p vendor (properties/vendor, any case); without a name, of the
/// manufacturer with the IANA number @p manufacturer (from the BMC's device id). The defaults for others.
const VendorQuirks& quirksOf(std::string_view vendor, std::optional<std::uint32_t> manufacturer);

} // namespace bm::drivers
