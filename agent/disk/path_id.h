#pragma once
#include <filesystem>
#include <string>

namespace bm::agent {

/// The name that udev gives a disk in /dev/disk/by-path (its ID_PATH, by systemd's udev-builtin-path_id.c):
/// "pci-0000:00:17.0-ata-1.0", "pci-0000:5d:05.5-pci-10000:01:00.0-nvme-1",
/// "pci-0000:18:00.0-sas-exp0x500304801f0c893f-phy7-lun-0".
/// @param block  the disk's folder in sysfs, "/sys/block/sda"
/// @param sys  "/sys"; tests use another root
/// @return "" where udev gives none
std::string pathId(const std::filesystem::path& block, const std::filesystem::path& sys);

/// True for the name of a PCI function in sysfs: "0000:3c:00.0", "10001:01:00.0".
bool isPciAddress(const std::string& name);

} // namespace bm::agent
