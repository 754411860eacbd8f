#pragma once
#include "common/wire/steps/disk_parts.h"

namespace bm::wire {

/// erase_devices: erases every candidate by the first method that works: "nvme-format", "nvme-sanitize",
/// "ata-secure-erase", "secure-discard", "discard", "zero", "shred". erase_devices_express
/// ("nvme-format", else "metadata") and erase_devices_metadata take no arguments.
struct EraseDevicesArguments {
    std::uint64_t shredPasses = 1; ///< 1 to 32
    bool allowShred = true;
    static constexpr auto fields()
    {
        return std::tuple(field("shred_passes", &EraseDevicesArguments::shredPasses),
                          field("allow_shred", &EraseDevicesArguments::allowShred));
    }
};

struct ErasedDisk {
    std::string name{};
    std::string serial{};
    std::optional<std::string> method{}; ///< nothing: its metadata alone
    std::optional<double> seconds{};
    static constexpr auto fields()
    {
        return std::tuple(field("name", &ErasedDisk::name), field("serial", &ErasedDisk::serial),
                          field("method", &ErasedDisk::method), field("seconds", &ErasedDisk::seconds));
    }
};

/// Of all three.
struct EraseDevicesResult {
    std::vector<ErasedDisk> erased{};
    std::vector<SkippedDisk> skipped{};
    std::optional<BootReport> boot{};
    static constexpr auto fields()
    {
        return std::tuple(field("erased", &EraseDevicesResult::erased),
                          field("skipped", &EraseDevicesResult::skipped),
                          field("boot", &EraseDevicesResult::boot));
    }
};

} // namespace bm::wire
