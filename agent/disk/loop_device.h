#pragma once
#include "common/platform/files.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bm::agent {

/// A loop device for a part of a disk, or of a file in place of one. Programs that need a partition device
/// use it when the kernel has none. After the destructor the kernel frees the device when its last user
/// closes it.
class LoopDevice {
public:
    /// @param sectorBytes 512 or 4096, as the disk's
    /// @throws Error DiskFailed (no free loop device, or the kernel refuses this part)
    LoopDevice(const std::filesystem::path& disk, std::uint64_t offset, std::uint64_t length, bool readOnly,
               std::uint32_t sectorBytes);
    const std::string& path() const { return path_; } ///< "/dev/loop3"

private:
    platform::Fd fd_;
    std::string path_;
};

} // namespace bm::agent
