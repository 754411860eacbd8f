#pragma once
#include "images/blocks/manifest.h"

#include <cstddef>
#include <string>
#include <vector>

namespace bm::agent {

/// The result of reading a few blocks of the disk.
struct Probe {
    std::size_t looked = 0;
    std::size_t held = 0;      ///< of them, with the image's bytes already
    double bytesPerSecond = 0; ///< raw, reading and hashing
};

/// How the blocks come onto the disk, and why.
struct DeltaChoice {
    bool onlyDiffering = false; ///< the whole disk is hashed first
    std::string why;            ///< for people
};

/// Hashing all costs 1/@p probe.bytesPerSecond a byte and spares the copy of the share that is held. It is
/// chosen where it is expected to end sooner.
/// @param copyBytesPerSecond raw, measured: fetched, verified, unpacked and written; 0: not measured, then
/// any held block decides for hashing
DeltaChoice chooseDelta(const Probe& probe, double copyBytesPerSecond);

/// The blocks by which copying is measured: a thirty-second of the image's data, at most 32 MiB; none for
/// images so small that either way takes no time. Neither holes nor the first block are among them.
std::vector<std::size_t> trialBlocks(const images::Manifest& manifest);

} // namespace bm::agent
