#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/gpt.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace bm::agent {

/// The kernel's partitions of @p disk ("/dev/sda"), logical ones of an MBR included, in sectors of @p
/// sectorBytes.
std::vector<Extent> kernelPartitions(const std::string& disk, std::uint32_t sectorBytes);

/// The other disks of the RAID arrays and device mapper volumes on @p disk: {"/dev/sdb"}.
std::set<std::string> disksInVolumesWith(const std::string& disk, const std::filesystem::path& sys = "/sys");

/// Stops the RAID arrays (mdadm --stop) and device mapper volumes (dmsetup remove) on @p disk, the topmost
/// first. Logs those that do not stop; then the kernel refuses to open the disk.
void releaseDisk(platform::Exec& exec, const std::string& disk, AgentLog& log,
                 const model::Deadline& deadline);

} // namespace bm::agent
