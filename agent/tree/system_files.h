#pragma once
#include "agent/tree/disk_setup.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// The identity of a deployed system.
struct SystemIdentity {
    std::string hostName;             ///< empty: the tree's own stays
    std::vector<std::string> sshKeys; ///< for root; lines of authorized_keys
};

/// From a config drive's openstack/latest/meta_data.json (ISO 9660); nothing where there is none.
SystemIdentity identityFrom(std::string_view configDrive);

/// Text of /etc/fstab: by UUID, outer mounts first.
std::string fstabOf(const std::vector<MadeVolume>& volumes);

/// Writes /etc/fstab, a machine-id of its own, and, in a tree without cloud-init (which reads the config
/// drive itself), host name, root's ssh keys and, where systemd-networkd has no configuration, DHCP on every
/// Ethernet. No symlink of the tree is followed out of it.
/// @param root  where the tree is mounted
void writeSystemFiles(const std::string& root, const std::vector<MadeVolume>& volumes,
                      const SystemIdentity& identity, AgentLog& log);

} // namespace bm::agent
