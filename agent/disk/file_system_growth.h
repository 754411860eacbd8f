#pragma once
#include "agent/disk/file_systems.h"

#include <filesystem>
#include <string>

namespace bm::agent {

/// The result of growing the file system of the last partition.
struct FileSystemGrowth {
    std::string fileSystem;        ///< "ext4", "xfs", "btrfs"; "" when it is none of them
    std::uint64_t bytesBefore = 0; ///< size by the file system's superblock
    std::uint64_t bytesAfter = 0;
    std::string trouble; ///< why it did not grow; the system can do it itself later
};

/// Grows the ext, xfs or btrfs file system in the last partition of @p disk's GPT (except a config drive, and
/// of a type that grows: partitionUse()) to the size of the partition, by the file system's own program. The
/// file system is mounted meanwhile; some ext file systems grow only unmounted. Does not change other file
/// systems. Reports a failure in the result instead of throwing it, because the image on the disk is
/// complete.
/// @throws Error Aborted
FileSystemGrowth growLastFileSystem(const std::filesystem::path& disk, platform::Exec& exec, AgentLog& log,
                                    const model::Deadline& deadline);

} // namespace bm::agent
