#pragma once
#include "common/model/error.h"
#include "common/wire/agent/root_device.h"
#include "common/wire/steps/raid.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

enum class RaidLevel : std::uint8_t { Raid0, Raid1, Raid5, Raid6, Raid10 };
/// Ironic's name: "0", "1", "5", "6", "1+0".
std::string_view toText(RaidLevel level) noexcept;
/// The minimum number of disks.
std::size_t fewestDisks(RaidLevel level) noexcept;

/// One of Ironic's logical disks, controller "software".
struct LogicalDisk {
    std::optional<std::uint64_t> sizeBytes{}; ///< of the volume, without mdadm's metadata; nothing: "MAX"
    RaidLevel level = RaidLevel::Raid1;
    std::vector<std::vector<RootDeviceHint>> physicalDisks{}; ///< hints; empty: all
    std::string volumeName{};
    bool isRootVolume = false;
};

/// The refusal of a step that needs the node's configuration, with the request that gives one.
model::Error noRaidTarget();

/// Parses by Ironic's rules for software RAID: the first disk is RAID-1 (machines start from it), and at most
/// one has size "MAX".
/// @throws Error InvalidInput naming the path of the invalid member
std::vector<LogicalDisk> logicalDisksFrom(const RaidCreateArguments& in);

} // namespace bm::wire
