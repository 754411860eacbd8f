#pragma once
#include "agent/base/progress_share.h"
#include "agent/disk/block_device.h"

#include <optional>
#include <stop_token>
#include <string>

namespace bm::agent {

/// Ways to erase a whole disk through the block layer. Each returns why it did not do, or nothing: erased.
/// All @throws Error DiskFailed, Aborted.

/// BLKSECDISCARD of everything (eMMC, UFS): old copies inside the device go too.
std::optional<std::string> discardSecurely(BlockDevice& device, ProgressShare& share,
                                           const std::stop_token& stop);
/// BLKDISCARD of everything; counts only if samples read as zeros afterwards.
std::optional<std::string> discardToZeros(BlockDevice& device, ProgressShare& share,
                                          const std::stop_token& stop);
/// BLKZEROOUT of everything, or zeros written where the device cannot; samples read as zeros afterwards.
std::optional<std::string> zeroAll(BlockDevice& device, ProgressShare& share, const std::stop_token& stop);
/// Random bytes over everything @p passes times by O_DIRECT, then zeros.
std::optional<std::string> shred(BlockDevice& device, unsigned passes, ProgressShare& share,
                                 const std::stop_token& stop);

} // namespace bm::agent
