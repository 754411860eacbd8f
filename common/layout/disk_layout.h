#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bm::layout {

enum class FileSystem : std::uint8_t { None, Ext4, Xfs, Btrfs, Vfat, Swap };
/// "ext4", "xfs", "btrfs", "vfat", "swap"; "" for None.
std::string_view toText(FileSystem fileSystem) noexcept;

/// A file system, or swap, on a partition or a logical volume.
struct LayoutVolume {
    std::string name;
    std::uint64_t sizeBytes = 0; ///< 0: the rest of the disk or group
    FileSystem fileSystem = FileSystem::None;
    std::string mount;   ///< "/", "/srv"; empty: not mounted
    std::string options; ///< fstab's fourth field; empty: "defaults"
    bool operator==(const LayoutVolume&) const = default;
};

enum class PartitionKind : std::uint8_t { Bios, Esp, Data, Lvm };

struct LayoutPartition {
    PartitionKind kind = PartitionKind::Data;
    LayoutVolume volume{};               ///< name and size of every kind; the rest of Esp and Data
    std::string group;                   ///< Lvm: the volume group's name
    std::vector<LayoutVolume> volumes{}; ///< Lvm
    bool operator==(const LayoutPartition&) const = default;
};

enum class Loader : std::uint8_t { Grub, SystemdBoot, None };

/// The layout of a tree on disks (docs/trees.md): one GPT, or the same on two disks with RAID 1 across.
struct DiskLayout {
    std::vector<LayoutPartition> partitions;
    bool mirror = false; ///< two disks: bios and esp are on both, every other partition is a RAID 1
    Loader loader = Loader::Grub;
    std::string kernelArguments; ///< besides root=; empty: the tree's /etc/kernel/cmdline, if it has one
    std::vector<std::string> preserve{}; ///< mount points whose content a re-image keeps

    /// The size of the smallest disk for the layout, with the partition tables and @p rootBytes for the
    /// volume without a size.
    std::uint64_t leastBytes(std::uint64_t rootBytes) const;
};

/// Refuses unknown members, missing or doubled mounts and impossible sizes.
/// @throws Error InvalidInput that begins with the member's path ("partitions[1].size: ...")
DiskLayout layoutFromJson(const nlohmann::json& layout);
/// "256MiB", "20GiB", "1TiB", or a number of bytes; a multiple of 1 MiB. @throws Error InvalidInput
std::uint64_t layoutSize(const nlohmann::json& value, const std::string& field);

/// A layout of bm's own: "plain", "xfs", "btrfs", "lvm", "mirror". @throws Error NotFound naming them
nlohmann::json namedLayout(std::string_view name);

/// Turns YAML or JSON into JSON and checks it by layoutFromJson().
/// @param what  the file's name for messages: "layout.yaml:7:5: partitions[1].size: ..."
/// @throws Error InvalidInput
nlohmann::json layoutFromText(std::string_view text, const std::string& what);

} // namespace bm::layout
