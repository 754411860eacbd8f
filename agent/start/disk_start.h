#pragma once
#include "agent/start/bios_drives.h"
#include "agent/start/boot_entries.h"
#include "agent/step/step_context.h"
#include "common/wire/steps/disk_parts.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::agent {

/// Sees to it that firmware starts the disks of a deployment. Made before they are written: it remembers
/// what was on them.
class DiskStart {
public:
    /// @param context  borrowed
    DiskStart(std::vector<std::string> disks, const StepContext& context);

    /// UEFI: an entry "bm: @p image" per disk, stale ones away, BootOrder. BIOS: which drive the disk is.
    /// Never throws but Aborted: a machine with a deployed disk also starts by its fall-back loader.
    wire::BootReport settle(const std::string& image);

    /// After the disks were erased: the entries for what was on them are removed, as are bm's own.
    wire::BootReport forget();

private:
    wire::BootReport settleUefi(const std::string& image);
    std::vector<BootTarget> targets(const model::Deadline& deadline) const;
    std::vector<std::string> gone() const;
    wire::BootReport settleBios() const;

    std::vector<std::string> disks_;
    const StepContext& context_;
    std::vector<std::string> partitionsBefore_; ///< GUIDs
    std::optional<unsigned> biosNumber_{};      ///< of the first disk
    bool uefi_ = false;
};

} // namespace bm::agent
