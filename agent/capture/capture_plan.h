#pragma once
#include "agent/disk/file_systems.h"
#include "agent/disk/gpt.h"

#include <cstdint>
#include <string>
#include <vector>

namespace bm::agent {

/// Bytes of the image that replace the disk's bytes.
struct Patch {
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
};

/// The parts of a disk that its image contains.
struct CapturePlan {
    std::uint64_t imageBytes = 0;
    std::vector<ByteRange> used;  ///< the ranges to read, in order, disjoint; the rest of the image is zero
    std::vector<Patch> patches;   ///< the partition table for the image
    std::vector<FreeSpace> found; ///< per partition, for people
    bool configDriveLeftOut = false;
};

/// Reads the partition table and each file system's map of free space. The image ends after the last
/// partition (and, with a GPT, space for its backup), so that it fits a slightly smaller disk. It omits the
/// partition of the config drive, which belongs to this machine only. A disk without a partition table is
/// captured as a whole, unless it is a file system itself.
/// @throws Error Aborted, DiskFailed, ImageCorrupt (a broken partition table)
CapturePlan planCapture(const BlockDevice& device, platform::Exec& exec, AgentLog& log,
                        const model::Deadline& deadline);

/// @p whole without @p holes (in order, disjoint).
std::vector<ByteRange> without(const ByteRange& whole, const std::vector<ByteRange>& holes);

} // namespace bm::agent
