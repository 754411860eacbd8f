#pragma once
#include "agent/disk/file_systems.h"

#include <filesystem>
#include <string>

namespace bm::agent {

/// What became of the file system of a grown partition.
struct FileSystemGrowth {
    std::string fileSystem;        ///< "ext4", "xfs", "btrfs"; "" when it is none of them
    std::uint64_t bytesBefore = 0; ///< as the file system counts
    std::uint64_t bytesAfter = 0;
    std::string trouble; ///< why it did not grow; the system can do it itself later
};

/// Makes the ext, xfs or btrfs file system in the last partition of @p disk's GPT (a config drive aside) as
/// long as that partition, mounted (an ext that cannot: unmounted), with the file system's own program.
/// Leaves other file systems alone, and one of full length. Reports a failure instead of throwing it: the
/// image is whole on the disk.
/// @throws Error Aborted
FileSystemGrowth growLastFileSystem(const std::filesystem::path& disk, platform::Exec& exec, AgentLog& log,
                                    const model::Deadline& deadline);

} // namespace bm::agent
