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
/// As Ironic writes it: "0", "1", "5", "6", "1+0".
std::string_view toText(RaidLevel level) noexcept;
/// The fewest disks that make one.
std::size_t fewestDisks(RaidLevel level) noexcept;

/// One of Ironic's logical disks, controller "software".
struct LogicalDisk {
    std::optional<std::uint64_t> sizeBytes{}; ///< of the volume, less what mdadm keeps; nothing: "MAX"
    RaidLevel level = RaidLevel::Raid1;
    std::vector<std::vector<wire::RootDeviceHint>> physicalDisks{}; ///< hints of one disk each; empty: all
    std::string volumeName{};
    bool isRootVolume = false;
};

/// By Ironic's rules for software RAID: the first is RAID-1 (machines start from it), one at most has size
/// "MAX".
/// @throws Error InvalidInput with the path of the member that does not fit
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
    std::uint64_t volumeBytes() const; ///< less what mdadm keeps
};

/// What is to be made, whole, before anything is touched.
struct RaidPlan {
    std::vector<wire::Disk> disks; ///< that take part
    std::vector<RaidArray> arrays; ///< in the order of the logical disks
    std::vector<RaidPartition> partitionsOf(const std::string& disk) const;
};

/// Each disk gets a GPT with one partition per array that it belongs to, from 8 MiB on (a place for a BIOS
/// boot partition) or, with @p uefi, from 551 MiB on (an ESP's place); the one of size "MAX" is the last.
/// Without hints an array takes all candidates that are not removable.
/// @param takenDevices  numbers of md devices that are in use
/// @throws Error DiskNotFound (a hint that no disk is left for, too few disks), DiskTooSmall
RaidPlan planRaid(const std::vector<LogicalDisk>& logical, const std::vector<wire::Disk>& disks, bool uefi,
                  const std::set<unsigned>& takenDevices = {});

/// sgdisk's command line that lays @p disk 's partitions.
std::vector<std::string> partitionCommand(const RaidPlan& plan, const std::string& disk);
/// mdadm's that makes @p array.
std::vector<std::string> createCommand(const RaidArray& array);

} // namespace bm::agent
