#pragma once
#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace bm::agent {

/// Size of the partition that @p image needs, a multiple of 1 MiB.
std::uint64_t configDrivePartitionBytes(std::string_view image);
/// Checks that @p image is an ISO 9660 or FAT file system. @throws Error ConfigDriveFailed
void checkConfigDrive(std::string_view image);
/// Writes @p image to the partition "config-2" of @p table: the disk image's own partition if it is large
/// enough, else a new one at the disk's end. Fills the rest of the partition with zeros and reads it back.
/// Changes the table in memory only.
/// @throws Error ConfigDriveFailed (no space), DiskFailed
void placeConfigDrive(BlockDevice& device, Gpt& table, std::string_view image);

} // namespace bm::agent
