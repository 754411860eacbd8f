#pragma once
#include "agent/base/agent_log.h"
#include "agent/capture/tree_archive.h"
#include "agent/disk/mounted.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bm::agent {

/// The system that is on a disk, as the files it runs from: its root file system, and the ext4, xfs and btrfs
/// that its /etc/fstab mounts below it from the same disk, each mounted by itself as long as the object
/// lives. ESP, swap (partitions and files) and whatever lies on other disks is not part of it. Roots on LVM
/// or RAID are not found.
class CapturedSystem {
public:
    /// @param device written to: journals are replayed; an overlay (DiskOverlay) keeps the disk as it is
    /// @throws Error ImageUnsupported (no root file system, or several), DiskFailed
    CapturedSystem(const BlockDevice& device, platform::Exec& exec, AgentLog& log,
                   const model::Deadline& deadline);
    const std::filesystem::path& root() const;
    std::vector<ArchivePart> parts() const; ///< outer ones first
    /// generaliseTree() on all of it, its file systems mounted as the system has them.
    std::vector<std::string> generalise() const;
    struct Volume {
        std::string mount; ///< "/", "/srv"; "" for one that is mounted nowhere
        FileSystem kind = FileSystem::None;
        std::string uuid;
        std::string label;
        std::unique_ptr<Mounted> mounted;
    };
    const std::vector<Volume>& volumes() const { return volumes_; }
    /// What its fstab wants beside them, for people: "/backup of UUID=... is not on this disk".
    const std::vector<std::string>& leftOut() const { return leftOut_; }

private:
    void find(const BlockDevice& device, platform::Exec& exec, const model::Deadline& deadline);
    void place(const std::string& fstab);
    Volume* volumeOf(const std::string& spec);

    std::vector<Volume> volumes_;
    std::vector<std::string> swapFiles_;
    std::vector<std::string> leftOut_;
};

} // namespace bm::agent
