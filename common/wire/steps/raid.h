#pragma once
#include "common/wire/steps/erase_devices.h"

namespace bm::wire {

/// raid_create_configuration: makes new software RAID on the candidates; refuses disks with other partitions
/// (Conflict).
struct RaidCreateArguments {
    /// Ironic's: {"logical_disks": [{"size_gb": GiB or "MAX", "raid_level": "0", "1", "1+0", "5" or "6",
    /// "controller": "software", "physical_disks": [hints of one disk each], "volume_name",
    /// "is_root_volume"}]}
    model::JsonText targetRaidConfig{};
    bool createRootVolume = true;
    bool createNonrootVolumes = true;
    static constexpr auto fields()
    {
        return std::tuple(field("target_raid_config", &RaidCreateArguments::targetRaidConfig),
                          field("create_root_volume", &RaidCreateArguments::createRootVolume),
                          field("create_nonroot_volumes", &RaidCreateArguments::createNonrootVolumes));
    }
};

struct RaidMember {
    std::string name{};      ///< of the disk
    std::string partition{}; ///< "/dev/sda1"
    static constexpr auto fields()
    {
        return std::tuple(field("name", &RaidMember::name), field("partition", &RaidMember::partition));
    }
};

struct RaidVolume {
    std::string controller = "software";
    std::string level{};
    std::uint64_t sizeGib = 0;
    std::uint64_t sizeBytes = 0;
    std::string name{}; ///< "/dev/md0"
    std::string uuid{};
    std::optional<std::string> volumeName{};
    bool isRootVolume = false;
    std::vector<RaidMember> members{};
    static constexpr auto fields()
    {
        return std::tuple(
            field("controller", &RaidVolume::controller), field("raid_level", &RaidVolume::level),
            field("size_gb", &RaidVolume::sizeGib), field("size_bytes", &RaidVolume::sizeBytes),
            field("name", &RaidVolume::name), field("uuid", &RaidVolume::uuid),
            field("volume_name", &RaidVolume::volumeName, WhenEmpty::Null),
            field("is_root_volume", &RaidVolume::isRootVolume), field("members", &RaidVolume::members));
    }
};

/// The node's raid_config.
struct RaidConfig {
    std::vector<RaidVolume> logicalDisks{};
    static constexpr auto fields() { return std::tuple(field("logical_disks", &RaidConfig::logicalDisks)); }
};

struct RaidCreateResult {
    RaidConfig raidConfig{};
    static constexpr auto fields() { return std::tuple(field("raid_config", &RaidCreateResult::raidConfig)); }
};

/// raid_delete_configuration, which takes no arguments; changes only disks with RAID on them.
struct RaidDeleteResult {
    RaidConfig raidConfig{};
    std::vector<std::string> deleted{}; ///< uuids of arrays
    std::vector<ErasedDisk> erased{};
    std::vector<SkippedDisk> skipped{};
    std::optional<BootReport> boot{};
    static constexpr auto fields()
    {
        return std::tuple(
            field("raid_config", &RaidDeleteResult::raidConfig), field("deleted", &RaidDeleteResult::deleted),
            field("erased", &RaidDeleteResult::erased), field("skipped", &RaidDeleteResult::skipped),
            field("boot", &RaidDeleteResult::boot));
    }
};

} // namespace bm::wire
