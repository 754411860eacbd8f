#pragma once
#include "agent/disk/block_device.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// Some pieces of a disk, spread over all of it (its ends are among them): what shows that a disk which says
/// that it erased itself did so.
class DiskSamples {
public:
    /// Reads them. What cannot be read is left out.
    DiskSamples(const BlockDevice& device, const std::stop_token& stop);
    /// Byte of the first sample that held data (more than one byte repeated) and still holds the same.
    /// Nothing: none does, or there was none. @throws Error DiskFailed, Aborted
    std::optional<std::uint64_t> firstUnchanged(const BlockDevice& device, const std::stop_token& stop) const;

private:
    struct Sample {
        std::uint64_t offset = 0;
        std::uint64_t hash = 0; ///< XXH3
    };
    std::vector<Sample> samples_;
};

/// Byte of the first sample that is not all zeros, of 1024 at places that differ from call to call.
/// @throws Error DiskFailed, Aborted
std::optional<std::uint64_t> firstNonZero(const BlockDevice& device, const std::stop_token& stop);

} // namespace bm::agent
