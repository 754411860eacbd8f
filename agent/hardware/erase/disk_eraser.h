#pragma once
#include "agent/hardware/erase/erase_tools.h"
#include "common/wire/agent/inventory.h"

#include <string>
#include <vector>

namespace bm::agent {

struct EraseOrder {
    unsigned shredPasses = 1;
    bool allowShred = true;
};

struct DiskErasure {
    /// "nvme-format", "nvme-sanitize", "ata-secure-erase", "secure-discard", "discard", "zero", "shred",
    /// "metadata"
    std::string method;
    double seconds = 0;
};

/// Whether all namespaces of @p disk's NVMe device are candidates; true for other disks.
bool mayEraseWholeDevice(const wire::Disk& disk, const std::vector<wire::Disk>& all);

/// Erases all of a candidate by the first way that works: NVMe format, NVMe sanitize, ATA secure erase,
/// secure discard, discard with a proof that it reads as zeros, zeros, random bytes. What the device did
/// itself is checked: no sample of its data may be the same afterwards. Why a way did not do goes to the log.
/// @param wholeDevice  mayEraseWholeDevice()
/// @throws Error Conflict (in use), DiskFailed (no way worked), Aborted
DiskErasure eraseWholly(const wire::Disk& disk, bool wholeDevice, const EraseOrder& order,
                        const EraseTools& tools);

/// NVMe by its format, all others, and an NVMe that has none, by eraseMetadata().
/// @throws Error Conflict, DiskFailed, Aborted
DiskErasure eraseExpress(const wire::Disk& disk, bool wholeDevice, const EraseTools& tools);

/// Stops arrays and volumes on @p disk and zeroes where partition tables, RAID, LVM and file system
/// signatures lie.
/// @throws Error Conflict, DiskFailed, Aborted
void eraseMetadata(const std::string& disk, platform::Exec& exec, AgentLog& log, const std::stop_token& stop);

} // namespace bm::agent
