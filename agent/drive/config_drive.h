#pragma once
#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"
#include "agent/disk/mbr.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::agent {

/// Size of the partition that @p image needs, a multiple of 1 MiB.
std::uint64_t configDrivePartitionBytes(std::string_view image);
/// Checks that @p image is an ISO 9660 or FAT file system. @throws Error ConfigDriveFailed
void checkConfigDrive(std::string_view image);
/// @p image in a form that a system can mount on a disk with sectors of @p sectorBytes. Linux mounts an ISO
/// 9660 (sectors of 2048 bytes) on no larger ones, so that its files move into a FAT file system.
/// @throws Error ConfigDriveFailed (a FAT with smaller sectors, and as filesOfIso() and makeFat())
std::string fittedConfigDrive(std::string image, std::uint32_t sectorBytes);
/// The partition of an MBR whose file system is labelled config-2; an MBR has no names of partitions.
std::optional<Extent> configDriveIn(const BlockDevice& device, const Mbr& table);
/// Writes @p image to the partition "config-2" of @p table: the disk image's own partition if it is large
/// enough, else a new one at the disk's end. Fills the rest of the partition with zeros and reads it back.
/// Changes the table in memory only.
/// @throws Error ConfigDriveFailed (no space), DiskFailed
void placeConfigDrive(BlockDevice& device, Gpt& table, std::string_view image);
/// The same in a primary partition of an MBR. @throws also Error ConfigDriveFailed (four primary partitions)
void placeConfigDrive(BlockDevice& device, Mbr& table, std::string_view image);

} // namespace bm::agent
