#pragma once
#include "agent/drive/drive_files.h"

#include <cstdint>
#include <string>

namespace bm::agent {

/// A FAT file system labelled config-2 with @p files, a multiple of 1 MiB: FAT12 or FAT16 by its size, one
/// sector of @p sectorBytes (512 to 4096) a cluster, long names as VFAT has them. Source: Microsoft's FAT32
/// File System Specification 1.03. Characters that VFAT forbids become "_".
/// @throws Error ConfigDriveFailed: too large, two names that differ in case only, a file that is a folder,
/// too
std::string makeFat(const DriveFiles& files, std::uint32_t sectorBytes);

} // namespace bm::agent
