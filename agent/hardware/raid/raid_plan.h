#pragma once
#include "common/wire/agent/root_device.h"
#include "common/wire/steps/raid.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

enum class RaidLevel : std::uint8_t { Raid0, Raid1, Raid5, Raid6, Raid10 };
/// Ironic's name: "0", "1", "5", "6", "1+0".
std::string_view toText(RaidLevel level) noexcept;
/// The minimum number of disks.
std::size_t fewestDisks(RaidLevel level) noexcept;

/// One of Ironic's logical disks, controller "software".
struct LogicalDisk {
    std::optional<std::uint64_t> sizeBytes{}; ///< of the volume, without mdadm's metadata; nothing: "MAX"
    RaidLevel level = RaidLevel::Raid1;
    std::vector<std::vector<wire::RootDeviceHint>> physicalDisks{}; ///< hints; empty: all
    std::string volumeName{};
    bool isRootVolume = false;
};

/// Parses by Ironic's rules for software RAID: the first disk is RAID-1 (machines start from it), and at most
/// one has size "MAX".
/// @throws Error InvalidInput naming the path of the invalid member
std::vector<LogicalDisk> logicalDisksFrom(const wire::RaidCreateArguments& in);

struct RaidPartition {
    std::string disk; ///< "/dev/sda"
    unsigned number = 0;
    std::uint64_t firstSector = 0;
    std::uint64_t lastSector = 0;
    std::uint32_t sectorBytes = 512;
    std::string path() const; ///< "/dev/sda1", "/dev/nvme0n1p1"
};

struct RaidArray {
    std::string device; ///< "/dev/md0"
    std::size_t logicalDisk = 0;
    RaidLevel level = RaidLevel::Raid1;
    std::string volumeName{};
    std::vector<RaidPartition> members{};
    std::uint64_t volumeBytes() const; ///< without mdadm's metadata
};

/// The complete plan, made before any disk is changed.
struct RaidPlan {
    std::vector<wire::Disk> disks; ///< disks of the arrays
    std::vector<RaidArray> arrays; ///< in the order of the logical disks
    std::vector<RaidPartition> partitionsOf(const std::string& disk) const;
};

/// Each disk gets a GPT with one partition per array that it belongs to, from 8 MiB on (after the space for a
/// BIOS boot partition) or, with @p uefi, from 551 MiB on (after the space for an ESP). The partition of size
/// "MAX" comes last. Without hints an array uses all candidates that are not removable.
/// @param takenDevices  numbers of md devices that are in use
/// @throws Error DiskNotFound (a hint without a free disk, too few disks), DiskTooSmall
RaidPlan planRaid(const std::vector<LogicalDisk>& logical, const std::vector<wire::Disk>& disks, bool uefi,
                  const std::set<unsigned>& takenDevices = {});

/// The command line of sgdisk that creates @p disk 's partitions.
std::vector<std::string> partitionCommand(const RaidPlan& plan, const std::string& disk);
/// The command line of mdadm that creates @p array.
std::vector<std::string> createCommand(const RaidArray& array);

} // namespace bm::agent
