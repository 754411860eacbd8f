#pragma once
#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"

#include <cstdint>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// Zeroes the usual offsets of partition tables and of RAID, LVM and file system signatures, from byte @p
/// from on: both ends of the disk and of each of @p oldPartitions (4 MiB each), and btrfs' spare superblocks.
/// With @p from 0 it cleans a disk's metadata. With an image's end it removes signatures of the old content.
void wipeSignatures(BlockDevice& device, std::uint64_t from, const std::vector<Extent>& oldPartitions,
                    const std::stop_token& stop);

} // namespace bm::agent
