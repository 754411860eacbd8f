#pragma once
#include "common/wire/agent/root_device.h"
#include "common/wire/json/json_fields.h"

#include <string>
#include <tuple>
#include <vector>

namespace bm::wire {

/// The identity of a disk.
struct DiskIdentity {
    std::string name; ///< "/dev/sda"
    std::string wwn{};
    std::string serial{};
    std::uint64_t sizeBytes = 0;
    std::string model{};
    std::optional<std::string> wwnWithExtension{}; ///< where it is longer than wwn
    static constexpr auto fields()
    {
        return std::tuple(field("name", &DiskIdentity::name), field("wwn", &DiskIdentity::wwn),
                          field("serial", &DiskIdentity::serial),
                          field("size_bytes", &DiskIdentity::sizeBytes), field("model", &DiskIdentity::model),
                          field("wwn_with_extension", &DiskIdentity::wwnWithExtension));
    }
};
DiskIdentity identityOf(const Disk& disk);

/// The choice of a step's disk, in addition to the arguments' other members.
struct DiskChoice {
    model::JsonText rootDevice{};             ///< hints, an object; "{}": none
    std::string policy{};                     ///< "single" (also ""), "smallest"
    std::optional<DiskIdentity> remembered{}; ///< the disk of the last deployment
    static constexpr auto fields()
    {
        return std::tuple(field("root_device", &DiskChoice::rootDevice),
                          field("root_device_policy", &DiskChoice::policy),
                          field("remembered", &DiskChoice::remembered, WhenEmpty::Null));
    }
};
/// @throws Error InvalidInput for an unknown hint
std::vector<RootDeviceHint> hintsOf(const DiskChoice& choice);
/// The disk of @p disks by @p choice. @throws Error DiskNotFound, DiskAmbiguous, InvalidInput
const Disk& chosenDisk(const std::vector<Disk>& disks, const DiskChoice& choice);

/// A disk that a step did not change.
struct SkippedDisk {
    std::string name;
    std::string reason;
    static constexpr auto fields()
    {
        return std::tuple(field("name", &SkippedDisk::name), field("reason", &SkippedDisk::reason));
    }
};

/// How the machine's firmware starts the disks of a step.
struct BootReport {
    std::string firmware;                              ///< "uefi", "bios"
    std::optional<std::vector<std::string>> entries{}; ///< UEFI: of bm's making, "Boot0003"
    std::optional<std::vector<std::string>>
        loaders{}; ///< UEFI: a path on the EFI system partition for each disk
    std::optional<std::vector<std::string>> removed{}; ///< UEFI: stale entries
    std::optional<std::vector<std::string>> order{};   ///< UEFI: BootOrder
    std::optional<std::uint64_t> drive{};              ///< BIOS: 0x80 for the first; nothing: unknown
    std::optional<bool> startsFirst{};                 ///< BIOS
    std::string trouble{};                             ///< why the firmware may not start the disk; "": none
    static constexpr auto fields()
    {
        return std::tuple(field("firmware", &BootReport::firmware), field("entries", &BootReport::entries),
                          field("loaders", &BootReport::loaders), field("removed", &BootReport::removed),
                          field("order", &BootReport::order), field("drive", &BootReport::drive),
                          field("starts_first", &BootReport::startsFirst),
                          field("trouble", &BootReport::trouble));
    }
};

/// The part of a result that write_image and write_tree share.
struct WrittenDisks {
    std::optional<DiskIdentity> disk{}; ///< the first one
    std::optional<BootReport> boot{};
    static constexpr auto fields()
    {
        return std::tuple(field("disk", &WrittenDisks::disk), field("boot", &WrittenDisks::boot));
    }
};

} // namespace bm::wire
