#pragma once
#include "agent/base/step_progress.h"
#include "agent/capture/capture_plan.h"
#include "agent/disk/block_device.h"
#include "images/blocks/block_writer.h"

#include <cstdint>
#include <stop_token>

namespace bm::agent {

/// Reads the ranges of @p plan from @p device, from MiB @p firstBlock on, into @p writer, as a raw image:
/// unused ranges become zeros. Does not call finish() of the writer. Needs one MiB of memory besides the
/// writer's.
/// @throws Error DiskFailed naming the first byte that cannot be read (a bad sector in a free block is not
/// read), Aborted, and the errors of the writer
void readImage(const BlockDevice& device, const CapturePlan& plan, std::uint64_t firstBlock,
               images::BlockWriter& writer, StepProgress& progress, const std::stop_token& stop);

} // namespace bm::agent
