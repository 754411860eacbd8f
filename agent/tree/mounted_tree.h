#pragma once
#include "agent/tree/disk_setup.h"

#include <string>
#include <vector>

namespace bm::agent {

/// Moves this thread to its own mount namespace: only it and its children see its later mounts, which end
/// with the thread.
/// @throws Error AgentFailed (needs root)
void leaveMountNamespace();

/// Mounts the file systems of a layout below a temporary folder, as the deployed system mounts them, without
/// vfat and preserved ones. One thread, after leaveMountNamespace().
class MountedTree {
public:
    explicit MountedTree(const std::vector<MadeVolume>& volumes);
    ~MountedTree();
    MountedTree(const MountedTree&) = delete;
    MountedTree& operator=(const MountedTree&) = delete;

    const std::string& root() const { return root_; }
    std::vector<std::string> devices() const; ///< of the file systems
    /// The mount point of the file system with the most free space. @throws Error DiskFailed
    std::string roomiest() const;
    /// @p readOnly: for the comparison. @throws Error DiskFailed
    void mount(bool readOnly);
    /// Syncs and unmounts, so that the next reads come from the disk. @throws Error DiskFailed
    void unmount();

private:
    std::vector<MadeVolume> volumes_; ///< mount points, outer ones first
    std::vector<std::string> mounted_;
    std::string root_;
};

} // namespace bm::agent
