#pragma once
#include "agent/start/bios_drives.h"
#include "agent/start/boot_entries.h"
#include "agent/step/step_context.h"
#include "common/wire/steps/disk_parts.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::agent {

/// Makes firmware start the disks of a deployment. Create it before the disks are written, because it
/// remembers their old GUIDs.
class DiskStart {
public:
    /// @param context  borrowed
    DiskStart(std::vector<std::string> disks, const StepContext& context);

    /// UEFI: creates an entry "bm: @p image" per disk, removes stale ones and sets BootOrder. BIOS: finds the
    /// drive's number. Throws only Aborted, since a machine with a deployed disk also starts by its fall-back
    /// loader.
    wire::BootReport registerDisks(const std::string& image);

    /// Call it after the disks were erased: removes the entries of their old partitions, and bm's own.
    wire::BootReport forget();

private:
    wire::BootReport registerUefi(const std::string& image);
    std::vector<BootTarget> targets(const model::Deadline& deadline) const;
    std::vector<std::string> gone() const;
    wire::BootReport registerBios() const;

    std::vector<std::string> disks_;
    const StepContext& context_;
    std::vector<std::string> partitionsBefore_; ///< GUIDs
    std::optional<unsigned> biosNumber_{};      ///< of the first disk
    bool uefi_ = false;
};

} // namespace bm::agent
