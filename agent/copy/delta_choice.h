#pragma once
#include "images/blocks/manifest.h"

#include <cstddef>
#include <string>
#include <vector>

namespace bm::agent {

/// The result of reading a few blocks of the disk.
struct Probe {
    std::size_t sampled = 0;
    std::size_t equal = 0;     ///< sampled blocks that equal the image's
    double bytesPerSecond = 0; ///< of reading and hashing, in raw bytes
};

/// The method of copying, and the reason.
struct DeltaChoice {
    bool onlyDiffering = false; ///< hash the whole disk first
    std::string why;            ///< for people
};

/// Chooses the method that is expected to end sooner. Hashing costs 1/@p probe.bytesPerSecond per byte and
/// saves the copy of the blocks that the disk already has.
/// @param copyBytesPerSecond the measured rate in raw bytes, from fetch to write; 0: not measured, then one
/// equal block suffices for hashing
DeltaChoice chooseDelta(const Probe& probe, double copyBytesPerSecond);

/// The blocks that measure the rate of copying: a thirty-second of the image's data, at most 32 MiB. None for
/// small images, where both methods are fast. Excludes holes and the first block.
std::vector<std::size_t> trialBlocks(const images::Manifest& manifest);

} // namespace bm::agent
