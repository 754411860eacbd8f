#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/gpt.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <string>
#include <vector>

namespace bm::agent {

/// The kernel's partitions of @p disk ("/dev/sda"), logical ones of an MBR included, in sectors of @p
/// sectorBytes.
std::vector<Extent> kernelPartitions(const std::string& disk, std::uint32_t sectorBytes);

/// Stops the RAID arrays (mdadm --stop) and device mapper volumes (dmsetup remove) on @p disk, the topmost
/// first. Logs those that do not stop; then the kernel refuses to open the disk.
void releaseDisk(platform::Exec& exec, const std::string& disk, AgentLog& log,
                 const model::Deadline& deadline);

} // namespace bm::agent
