#pragma once
#include "agent/disk/file_systems.h"
#include "agent/disk/loop_device.h"
#include "common/platform/files.h"

#include <filesystem>

namespace bm::agent {

/// A file system, mounted for the object's lifetime with nodev and nosuid. Its files are foreign data, so
/// access them only by paths without links (isPlainPath).
class Mounted {
public:
    /// @param readOnly  does not replay the journal either
    /// @throws Error DiskFailed when the kernel refuses it
    Mounted(const BlockDevice& device, const ByteRange& part, FileSystem kind, bool readOnly);
    ~Mounted();
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;
    const std::filesystem::path& root() const { return folder_.path(); }
    const std::string& loop() const { return loop_.path(); }

private:
    LoopDevice loop_;
    platform::TemporaryFolder folder_;
};

/// True if the kernel of the RAM disk mounts this file system and bm writes files to it.
bool isMountable(FileSystem kind) noexcept;
/// True if no component of @p path below @p root is a symbolic link. The last one may be missing.
bool isPlainPath(const std::filesystem::path& root, const std::filesystem::path& path);

} // namespace bm::agent
