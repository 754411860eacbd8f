#pragma once
#include "agent/disk/file_systems.h"
#include "agent/disk/gpt.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bm::agent {

/// Bytes that stand in the image instead of the disk's.
struct Patch {
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
};

/// What of a disk goes into its image.
struct CapturePlan {
    std::uint64_t imageBytes = 0;
    std::vector<ByteRange> used;  ///< the ranges to read, in order, disjoint; the rest of the image is zero
    std::vector<Patch> patches;   ///< the partition table as it is in the image
    std::vector<FreeSpace> found; ///< per partition, for people
    bool configDriveLeftOut = false;
};

/// Reads the partition table and each file system's map of free space. The image ends after the last
/// partition (and, with a GPT, room for its backup), so that it fits a somewhat smaller disk; the partition
/// of the config drive, which is this machine's alone, is left out. A disk without a partition table is taken
/// whole, unless it is a file system itself.
/// @throws Error Aborted, DiskFailed, ImageCorrupt (a broken partition table)
CapturePlan planCapture(const BlockDevice& device, platform::Exec& exec, AgentLog& log,
                        const model::Deadline& deadline);

/// @p whole without @p holes (in order, disjoint).
std::vector<ByteRange> without(const ByteRange& whole, const std::vector<ByteRange>& holes);

} // namespace bm::agent
