#pragma once
#include "pxe/boot_services.h"

#include <filesystem>

namespace bm::tests {

/// Managed DHCP and TFTP on the test network's bridge.
inline pxe::BootSettings settings(const std::filesystem::path& runFolder)
{
    pxe::BootSettings s;
    s.dhcp = pxe::DhcpMode::Managed;
    s.interface = "prov0";
    s.address = "10.78.0.1";
    s.rangeFirst = "10.78.0.100";
    s.rangeLast = "10.78.0.150";
    s.runFolder = runFolder;
    return s;
}

} // namespace bm::tests
