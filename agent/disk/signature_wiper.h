#pragma once
#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"

#include <cstdint>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// Zeroes the places where partition tables, RAID, LVM and file system signatures lie, from byte @p from on:
/// both ends of the disk and of each of @p oldPartitions (4 MiB each), and btrfs' spare superblocks. With @p
/// from 0 this is the cleaning of a disk's metadata; with an image's end what keeps its leftovers from being
/// found beyond it.
void wipeSignatures(BlockDevice& device, std::uint64_t from, const std::vector<Extent>& oldPartitions,
                    const std::stop_token& stop);

} // namespace bm::agent
