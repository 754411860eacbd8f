#pragma once
#include "common/wire/agent/inventory.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::agent {

/// The paths of the kernel's files; tests use another root.
struct SystemRoots {
    std::filesystem::path sys = "/sys";
    std::filesystem::path proc = "/proc";
    std::filesystem::path dev = "/dev";
};

/// Disks by /sys/block, without udev: serial and WWN from the device's attributes, SCSI VPD pages 80h and
/// 83h, NVMe's wwid. ATA disks behind libata: their VPD pages too. Judged (judgeDisks); sorted by name.
/// Missing files are no error.
std::vector<wire::Disk> readDisks(const SystemRoots& roots = {});
/// Physical NICs by /sys/class/net, sorted by name.
std::vector<wire::Nic> readNics(const SystemRoots& roots = {});
/// The whole inventory. @param bootInterface  MAC of BOOTIF, may be empty
wire::Inventory readInventory(const std::string& bootInterface, const SystemRoots& roots = {});

/// First line of a file of sysfs, blanks trimmed; "" when it cannot be read.
std::string readAttribute(const std::filesystem::path& path);

} // namespace bm::agent
