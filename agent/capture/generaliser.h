#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/block_device.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::agent {

/// Whether a system lies below @p root: /etc with os-release or passwd.
bool isRootFolder(const std::filesystem::path& root);

/// Takes what makes a machine this one out of the system below @p root: machine-id, ssh host keys, DHCP
/// leases, logs, histories, cloud-init's state, the random seed. Where nothing else would make host keys at
/// the next start, a unit that does is added. Follows no symbolic link.
/// @return its changes, for people: "etc/ssh/ssh_host_ed25519_key removed"
std::vector<std::string> generaliseTree(const std::filesystem::path& root);

/// The same on the root file systems of @p device's partitions, which are mounted (so their journals are
/// written back) and unmounted again.
/// @throws Error ImageUnsupported: no root file system was found; DiskFailed
std::vector<std::string> generaliseDisk(const BlockDevice& device, AgentLog& log);

} // namespace bm::agent
