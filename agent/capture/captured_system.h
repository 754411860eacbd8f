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

/// The files of the system on a disk: its root file system, and the ext4, xfs and btrfs file systems of the
/// same disk that its /etc/fstab mounts. Each is mounted separately for the object's lifetime. ESP, swap
/// (partitions and files) and other disks do not belong to it. Does not find roots on LVM or RAID.
class CapturedSystem {
public:
    /// @param device  the mounts write to it (journal replay); pass an overlay (DiskOverlay) to keep the disk
    /// unchanged
    /// @throws Error ImageUnsupported (no root file system, or several), DiskFailed
    CapturedSystem(const BlockDevice& device, platform::Exec& exec, AgentLog& log,
                   const model::Deadline& deadline);
    const std::filesystem::path& root() const;
    std::vector<ArchivePart> parts() const; ///< outer ones first
    /// Calls generaliseTree() on the whole system, with its file systems mounted as in the running system.
    std::vector<std::string> generalise() const;
    struct Volume {
        std::string mount; ///< "/", "/srv"; "": no mount point
        FileSystem kind = FileSystem::None;
        std::string uuid;
        std::string label;
        std::unique_ptr<Mounted> mounted;
    };
    const std::vector<Volume>& volumes() const { return volumes_; }
    /// Lines of fstab that the capture omits, for people: "/backup of UUID=... is not on this disk".
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
