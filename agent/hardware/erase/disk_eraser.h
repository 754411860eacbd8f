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

/// True if all namespaces of @p disk's NVMe device may be erased; true for other disks.
bool mayEraseWholeDevice(const wire::Disk& disk, const std::vector<wire::Disk>& all);

/// Erases a whole disk by the first method that works: NVMe format, NVMe sanitize, ATA secure erase,
/// secure discard, discard if samples read as zeros afterwards, zeros, random bytes. Checks an erasure by the
/// device itself: no sample of its data may be unchanged. Logs the reason of each failed method.
/// @param wholeDevice  mayEraseWholeDevice()
/// @throws Error Conflict (in use), DiskFailed (no method worked), Aborted
DiskErasure eraseWholly(const wire::Disk& disk, bool wholeDevice, const EraseOrder& order,
                        const EraseTools& tools);

/// Formats an NVMe disk. Erases other disks, and NVMe disks without format, by eraseMetadata().
/// @throws Error Conflict, DiskFailed, Aborted
DiskErasure eraseExpress(const wire::Disk& disk, bool wholeDevice, const EraseTools& tools);

/// Stops arrays and volumes on @p disk and zeroes the partition tables and the RAID, LVM and file system
/// signatures.
/// @throws Error Conflict, DiskFailed, Aborted
void eraseMetadata(const std::string& disk, platform::Exec& exec, AgentLog& log, const std::stop_token& stop);

} // namespace bm::agent
