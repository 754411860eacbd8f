#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/block_device.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::agent {

/// True if a system lies below @p root: /etc with os-release or passwd.
bool isRootFolder(const std::filesystem::path& root);

/// Removes the machine's identity from the system below @p root: machine-id, ssh host keys, DHCP leases,
/// logs, histories, cloud-init's state, the random seed. Adds a unit that creates host keys at the next
/// start, if the system has no other. Follows no symbolic link.
/// @return its changes, for people: "etc/ssh/ssh_host_ed25519_key removed"
std::vector<std::string> generaliseTree(const std::filesystem::path& root);

/// The same for the root file systems on @p device's partitions. Mounts them, which replays their journals,
/// and unmounts them.
/// @throws Error ImageUnsupported: no root file system was found; DiskFailed
std::vector<std::string> generaliseDisk(const BlockDevice& device, AgentLog& log);

} // namespace bm::agent
