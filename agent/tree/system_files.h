#pragma once
#include "agent/tree/disk_setup.h"

#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// The identity of a deployed system.
struct SystemIdentity {
    std::string hostName;             ///< empty: keeps the tree's
    std::vector<std::string> sshKeys; ///< for root; lines of authorized_keys
};

/// From a config drive's openstack/latest/meta_data.json (ISO 9660); nothing where there is none.
SystemIdentity identityFrom(std::string_view configDrive);

/// Text of /etc/fstab: by UUID, outer mounts first.
std::string fstabOf(const std::vector<MadeVolume>& volumes);

/// Writes /etc/fstab and a new machine-id. In a tree without cloud-init (which reads the config drive itself)
/// also writes host name and root's ssh keys, and DHCP for every Ethernet interface if systemd-networkd has
/// no configuration. In a tree with SELinux, leaves kRelabelMark. No symlink leads outside the tree.
/// @param root  the tree's mount point
void writeSystemFiles(const std::string& root, const std::vector<MadeVolume>& volumes,
                      const SystemIdentity& identity, AgentLog& log);

} // namespace bm::agent
