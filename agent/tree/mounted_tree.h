#pragma once
#include "agent/tree/disk_setup.h"

#include <string>
#include <vector>

namespace bm::agent {

/// From here on what this thread mounts is seen by it and its children only, and goes with it.
/// @throws Error AgentFailed (needs root)
void leaveMountNamespace();

/// The file systems of a layout below a folder of ours, as the deployed system will see them, without vfat
/// and preserved ones. One thread, after leaveMountNamespace().
class MountedTree {
public:
    explicit MountedTree(const std::vector<MadeVolume>& volumes);
    ~MountedTree();
    MountedTree(const MountedTree&) = delete;
    MountedTree& operator=(const MountedTree&) = delete;

    const std::string& root() const { return root_; }
    /// Where the mounted file system with most free space is. @throws Error DiskFailed
    std::string roomiest() const;
    /// @p readOnly: for the comparison. @throws Error DiskFailed
    void mount(bool readOnly);
    /// Syncs and unmounts, so that the next reads come from the disk. @throws Error DiskFailed
    void unmount();

private:
    std::vector<MadeVolume> volumes_; ///< those that are mounted, outer ones first
    std::vector<std::string> mounted_;
    std::string root_;
};

} // namespace bm::agent
