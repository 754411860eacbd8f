#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/copy/delta_choice.h"
#include "agent/copy/image_order.h"
#include "common/wire/steps/deploy_options.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace bm::agent {

/// The content for the disks.
struct DeployOrder : ImageOrder {
    wire::CopyOptions copy{};
    bool resume = false; ///< an earlier try was interrupted, so the disk may have many blocks
};

struct DeployOutcome {
    std::uint64_t bytesWritten = 0; ///< data blocks, raw; excludes those that the disk already had
    std::uint64_t bytesFetched = 0; ///< received bytes, compressed
    std::uint64_t bytesPresent = 0; ///< raw bytes that the disk already had
    std::uint64_t imageBytes = 0;
    std::string blocksRoot; ///< lower-case hex, images/blocks/merkle.h: of the blocks read back
    DeltaChoice decision;
    double writeSeconds = 0; ///< until the image was written and flushed; excludes the remaining read-back
    double seconds = 0;
};

/// Writes the image to @p disks. Checks sizes and sectors before the first write. Writes the blocks that
/// differ, or all blocks when a measurement shows that this is faster (agent/copy/delta_choice.h). Zeroes the
/// holes, reads the blocks back during the writing (ReadBack), and wipes old signatures after the image's
/// end. Then moves the GPT backup to the disk's end (UEFI 2.10, 5.3.2), grows the last partition, and adds
/// the config drive. Writes the first MiB last, so a partially written disk does not boot. May be repeated.
/// Several disks get the same bytes from one fetch; then every block is written, and each disk is read back
/// separately. The relay serves other nodes from the first disk.
/// @throws Error DiskTooSmall, DiskFailed, Conflict, ChecksumMismatch, ImageCorrupt, ImageUnsupported (sector
/// size), ConfigDriveFailed, Aborted
DeployOutcome deployDisks(const DeployOrder& order, const std::vector<std::filesystem::path>& disks,
                          StepProgress& progress, AgentLog& log, const std::stop_token& stop);

} // namespace bm::agent
