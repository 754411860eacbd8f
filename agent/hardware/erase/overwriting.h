#pragma once
#include "agent/base/progress_share.h"
#include "agent/disk/block_device.h"

#include <optional>
#include <stop_token>
#include <string>

namespace bm::agent {

/// Methods to erase a whole disk through the block layer. Each returns the reason of its failure; nothing:
/// erased. All @throws Error DiskFailed, Aborted.

/// BLKSECDISCARD of the whole disk (eMMC, UFS), which erases old copies inside the device, too.
std::optional<std::string> discardSecurely(BlockDevice& device, ProgressShare& share,
                                           const std::stop_token& stop);
/// BLKDISCARD of the whole disk; succeeds only if samples read as zeros afterwards.
std::optional<std::string> discardToZeros(BlockDevice& device, ProgressShare& share,
                                          const std::stop_token& stop);
/// BLKZEROOUT of the whole disk, or written zeros if the device does not support it; checks samples
/// afterwards.
std::optional<std::string> zeroAll(BlockDevice& device, ProgressShare& share, const std::stop_token& stop);
/// Overwrites the whole disk @p passes times with random bytes by O_DIRECT, then with zeros.
std::optional<std::string> shred(BlockDevice& device, unsigned passes, ProgressShare& share,
                                 const std::stop_token& stop);

} // namespace bm::agent
