#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/loop_device.h"
#include "common/layout/disk_layout.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bm::agent {

/// A file system or swap and its device.
struct MadeVolume {
    layout::LayoutVolume volume;
    layout::PartitionKind kind = layout::PartitionKind::Data;
    std::string device; ///< "/dev/vda3", "/dev/mapper/vg0-root", "/dev/md120"
    std::string uuid;   ///< in fstab's form for UUID=
    bool preserved = false;
    std::vector<std::string> twins{}; ///< for an ESP on mirrored disks: the devices on the other disks
};

/// The range of one partition on each disk, in bytes.
struct PartitionPlace {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
/// The ranges of all partitions on a disk of @p diskBytes: from 1 MiB on, one after the other, the last one
/// up to kConfigDriveRoom before the end. @throws Error DiskTooSmall
std::vector<PartitionPlace> placesOf(const layout::DiskLayout& layout, std::uint64_t diskBytes);
/// Free space at the end of every disk, so that a config drive always fits and the ranges are the same in
/// each deployment.
inline constexpr std::uint64_t kConfigDriveRoom = std::uint64_t{65} << 20U;

/// Creates partitions, RAID, LVM and file systems of a layout with the RAM disk's tools. Disks may be files.
/// One thread.
class DiskSetup {
public:
    /// All borrowed. @p disks: one, or two of a mirror.
    DiskSetup(const layout::DiskLayout& layout, std::vector<std::filesystem::path> disks,
              platform::Exec& exec, AgentLog& log, const model::Deadline& deadline);
    ~DiskSetup();
    DiskSetup(const DiskSetup&) = delete;
    DiskSetup& operator=(const DiskSetup&) = delete;

    /// Creates everything, except existing file systems that the layout preserves.
    /// @throws Error DiskTooSmall, Conflict (the disk does not match the layout; nothing is written),
    /// DiskFailed, AgentFailed
    void make();
    const std::vector<MadeVolume>& volumes() const { return volumes_; }
    /// Device of partition @p index of the layout on disk @p disk.
    const std::string& partition(std::size_t disk, std::size_t index) const
    {
        return nodes_.at(disk).at(index);
    }
    std::size_t disks() const { return disks_.size(); }
    const std::filesystem::path& disk(std::size_t index) const { return disks_.at(index); }
    std::uint32_t sectorBytes() const { return sectorBytes_; }
    std::uint64_t partitionOffset(std::size_t index) const { return places_.at(0).at(index).offset; }
    /// Releases RAID arrays, volume groups and loop devices. May be repeated.
    void release();
    bool preserved() const { return keeping_; }

private:
    void checkDisks();
    void requireTable(std::size_t disk);
    void createTable(std::size_t disk);
    std::string tableScript(std::size_t disk) const;
    void findNodes(std::size_t disk);
    std::string nodeOf(std::size_t disk, std::size_t index, std::chrono::steady_clock::time_point until);
    std::string deviceOf(std::size_t index);
    std::string makeMirror(std::size_t index);
    void makeGroup(std::size_t index, const std::string& device);
    void addVolume(const layout::LayoutVolume& volume, layout::PartitionKind kind, const std::string& device);
    void makeFileSystem(MadeVolume& made);
    void keepFileSystem(MadeVolume& made);
    bool isPreserved(const layout::LayoutVolume& volume) const;
    std::string run(std::vector<std::string> argv, const char* doing, const std::string& input = {});

    const layout::DiskLayout& layout_;
    std::vector<std::filesystem::path> disks_;
    platform::Exec& exec_;
    AgentLog& log_;
    const model::Deadline& deadline_;
    bool keeping_ = false;
    std::uint32_t sectorBytes_ = 512;
    std::vector<std::vector<PartitionPlace>> places_;
    std::vector<std::vector<std::string>> nodes_;
    std::vector<std::unique_ptr<LoopDevice>> loops_;
    std::vector<MadeVolume> volumes_;
    std::vector<std::string> arrays_;
    std::vector<std::string> groups_;
};

} // namespace bm::agent
