#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/copy/image_order.h"
#include "common/layout/disk_layout.h"
#include "common/platform/exec.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace bm::agent {

/// A tree to deploy to disks.
struct TreeOrder : ImageOrder {
    layout::DiskLayout layout{};
    std::uint64_t contentBytes = 0; ///< of all files; 0: unknown
};

struct TreeOutcome {
    std::uint64_t entries = 0;
    std::uint64_t contentBytes = 0;
    std::uint64_t archiveBytes = 0;
    std::uint64_t bytesFetched = 0;
    std::uint64_t filesReadBack = 0; ///< while the agent copied; it read the others at the end
    std::string manifestDigest;      ///< XXH3-128 over the compared entries
    bool preserved = false;          ///< true if a file system was preserved
    double writeSeconds = 0;         ///< until it was on the disk and flushed
    double seconds = 0;
};

/// Partitions @p disks (one, or two of a mirror), creates the file systems, streams the tree into them, reads
/// the files back meanwhile and compares everything. Then makes the system bootable: fstab, machine-id,
/// identity, boot loader, config drive. Makes all checks before the first write. May be repeated; each run
/// starts over. Needs root.
/// @throws Error DiskTooSmall, DiskFailed, Conflict, ChecksumMismatch, ImageCorrupt, ImageUnsupported,
///   ConfigDriveFailed, AgentFailed, Aborted
TreeOutcome deployTree(const TreeOrder& order, const std::vector<std::filesystem::path>& disks,
                       platform::Exec& exec, StepProgress& progress, AgentLog& log,
                       const std::stop_token& stop);

} // namespace bm::agent
