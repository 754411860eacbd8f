#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/gpt.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <string>
#include <vector>

namespace bm::agent {

/// Partitions of @p disk ("/dev/sda") as the kernel knows them, logical ones of an MBR too, in sectors of @p
/// sectorBytes.
std::vector<Extent> kernelPartitions(const std::string& disk, std::uint32_t sectorBytes);

/// Stops the RAID arrays (mdadm --stop) and device mapper volumes (dmsetup remove) on @p disk, the uppermost
/// first. Logs the ones that do not stop; the kernel then refuses to open the disk.
void releaseDisk(platform::Exec& exec, const std::string& disk, AgentLog& log,
                 const model::Deadline& deadline);

} // namespace bm::agent
