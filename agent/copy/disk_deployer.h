#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/copy/delta_choice.h"
#include "agent/copy/image_order.h"
#include "common/wire/steps/copy_options.h"

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace bm::agent {

/// What to put onto disks.
struct DeployOrder : ImageOrder {
    wire::CopyOptions copy{};
    bool resume = false; ///< an earlier try was cut short: expect many blocks to be there
};

struct DeployOutcome {
    std::uint64_t bytesWritten = 0; ///< data blocks, raw; those found on the disk are not written
    std::uint64_t bytesFetched = 0; ///< stored (compressed) bytes that came
    std::uint64_t bytesPresent = 0; ///< raw bytes that the disk already held
    std::uint64_t imageBytes = 0;
    std::string blocksRoot; ///< lower-case hex, images/blocks/merkle.h: of the blocks read back
    DeltaChoice decision;
    double writeSeconds =
        0; ///< till the image was on the disk and flushed, without what was then still to be read back
    double seconds = 0;
};

/// Brings @p disks to the image: checks sizes and sectors before anything is destroyed, writes what differs
/// (or everything, where a measurement says that this ends sooner: agent/copy/delta_choice.h), zeroes the
/// holes, reads it back behind the writing (ReadBack), wipes old signatures beyond, moves the GPT backup to
/// the disk's end (UEFI 2.10, 5.3.2), grows the last partition, adds the config drive. The first MiB is
/// written last: a half-written disk does not boot. May be repeated. Several disks get the same bytes from
/// one fetch, each read back by itself; then every block is written, whatever the disks hold. Other nodes are
/// served from the first disk.
/// @throws Error DiskTooSmall, DiskFailed, Conflict, ChecksumMismatch, ImageCorrupt, ImageUnsupported (sector
/// size), ConfigDriveFailed, Aborted
DeployOutcome deployDisks(const DeployOrder& order, const std::vector<std::filesystem::path>& disks,
                          StepProgress& progress, AgentLog& log, const std::stop_token& stop);

} // namespace bm::agent
