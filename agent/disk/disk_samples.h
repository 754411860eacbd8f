#pragma once
#include "agent/disk/block_device.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// Samples of a disk's content, spread over the whole disk and including its ends. They verify that a disk
/// which reports an erasure has erased its data.
class DiskSamples {
public:
    /// Reads the samples. Skips unreadable ones.
    DiskSamples(const BlockDevice& device, const std::stop_token& stop);
    /// The offset of the first sample with unchanged data. Samples of one repeated byte do not count as data.
    /// @return nothing when no sample is unchanged @throws Error DiskFailed, Aborted
    std::optional<std::uint64_t> firstUnchanged(const BlockDevice& device, const std::stop_token& stop) const;

private:
    struct Sample {
        std::uint64_t offset = 0;
        std::uint64_t hash = 0; ///< XXH3
    };
    std::vector<Sample> samples_;
};

/// The offset of the first sample with a nonzero byte, of 1024 samples at random offsets.
/// @throws Error DiskFailed, Aborted
std::optional<std::uint64_t> firstNonZero(const BlockDevice& device, const std::stop_token& stop);

} // namespace bm::agent
