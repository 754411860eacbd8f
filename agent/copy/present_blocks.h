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

/// Which blocks of the image the disk already holds, by SHA-256; blocks that are @p known are left out, and
/// one that cannot be read is not held. Hashes of those found are put into @p hashes.
std::vector<bool> findPresent(const images::Manifest& manifest, const BlockDevice& device,
                              const std::vector<bool>& known, std::vector<BlockHash>& hashes,
                              const std::stop_token& stop);

} // namespace bm::agent
