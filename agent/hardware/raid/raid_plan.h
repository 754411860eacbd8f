#pragma once
#include "common/wire/agent/root_device.h"
#include "common/wire/steps/raid.h"
#include "common/wire/steps/raid_target.h"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

using wire::LogicalDisk;
using wire::RaidLevel;

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
