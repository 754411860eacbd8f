#pragma once
#include "common/platform/files.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bm::agent {

/// A part of a disk, or of a file standing in for one, as a block device of its own: for programs that
/// need a partition where the kernel shows none. The kernel frees it after the object's end, when no program
/// has it open.
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
