#pragma once
#include "agent/tree/disk_setup.h"

#include <string>
#include <vector>

namespace bm::agent {

/// What a deployed system is told of itself.
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

/// Files of the tree, by path below its root; a symlink on the way leads to where it would in the deployed
/// system (openat2(2): RESOLVE_IN_ROOT).
class TreeFiles {
public:
    explicit TreeFiles(const std::string& root);
    bool has(const std::string& path) const;
    /// Empty where there is no such file; at most 1 MiB is read.
    std::string read(const std::string& path) const;
    /// Whole or not at all; a symlink at @p path itself is replaced.
    void write(const std::string& path, std::string_view text, unsigned mode = 0644) const;
    void makeFolders(const std::string& path, unsigned mode = 0755) const;
    std::vector<std::string> list(const std::string& folder) const;
    /// For reading, a descriptor. @throws Error NotFound
    platform::Fd open(const std::string& path) const;

private:
    platform::Fd openAt(const std::string& path, int flags) const;
    platform::Fd root_;
};

} // namespace bm::agent
