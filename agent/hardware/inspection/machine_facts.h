#pragma once
#include "agent/disk/inventory_reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::agent {

/// Facts about the machine that the kernel shows, beyond the inventory of the first exchange. Empty: unknown.
struct MachineFacts {
    struct Part { ///< DMI: board or chassis
        std::string manufacturer;
        std::string product;
        std::string version;
        std::string serial;
        std::string assetTag;
    };
    std::string hostname;
    std::string cpuMhz; ///< "3600.0000", the maximum if the kernel knows it
    std::vector<std::string> cpuFlags;
    std::optional<std::uint64_t> installedMemoryMib; ///< of the modules, by SMBIOS
    std::string biosVendor;
    std::string biosVersion;
    std::string biosDate;
    std::string productVersion;
    std::string productFamily;
    std::string productSku;
    Part board;
    Part chassis;
    bool tpm = false;
    std::string tpmVersion;         ///< "1" or "2"
    std::optional<bool> secureBoot; ///< UEFI's variable
};

/// Leaves missing facts empty. Serial numbers need root.
MachineFacts readMachineFacts(const SystemRoots& roots = {});

/// PCI numbers of a NIC: "0x8086", "0x1533"; virtio NICs have numbers of the virtio bus.
struct PciIds {
    std::string vendor;
    std::string product;
};
PciIds readNicIds(const std::string& nic, const SystemRoots& roots = {});

} // namespace bm::agent
