#pragma once
#include "agent/copy/delta_choice.h"
#include "agent/copy/read_back.h"
#include "agent/disk/block_device.h"
#include "images/blocks/manifest.h"

#include <stop_token>
#include <vector>

namespace bm::agent {

/// Reads a few blocks spread over the disk and compares them with the image's.
Probe probeDisk(const images::Manifest& manifest, const BlockDevice& device, const std::stop_token& stop);

/// The blocks of the image that the disk already has, by SHA-256. Skips the blocks in @p known; an unreadable
/// block counts as different. Stores the hashes of the equal blocks in @p hashes.
std::vector<bool> findPresent(const images::Manifest& manifest, const BlockDevice& device,
                              const std::vector<bool>& known, std::vector<BlockHash>& hashes,
                              const std::stop_token& stop);

} // namespace bm::agent
