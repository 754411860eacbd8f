#pragma once
#include "common/platform/files.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bm::agent {

/// A part of a disk, or of a file standing in for one, as a block device of its own: so that programs which
/// want a partition get one wherever the kernel shows none. Gone with the object, once nobody has it open.
class LoopDevice {
public:
    /// @param sectorBytes 512 or 4096, as the disk's
    /// @throws Error DiskFailed: no loop device, or not this part
    LoopDevice(const std::filesystem::path& disk, std::uint64_t offset, std::uint64_t length, bool readOnly,
               std::uint32_t sectorBytes);
    const std::string& path() const { return path_; } ///< "/dev/loop3"

private:
    platform::Fd fd_;
    std::string path_;
};

} // namespace bm::agent
