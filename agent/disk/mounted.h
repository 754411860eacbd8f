#pragma once
#include "agent/disk/file_systems.h"
#include "agent/disk/loop_device.h"
#include "common/platform/files.h"

#include <filesystem>

namespace bm::agent {

/// A file system of a partition, mounted for as long as the object lives: no devices, no programs with other
/// rights. Files in it are data of others: go into it only by paths without links (isPlainPath).
class Mounted {
public:
    /// @param readOnly also keeps the journal as it is
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

/// Whether the kernel of the RAM disk mounts it, and bm writes files to it.
bool isMountable(FileSystem kind) noexcept;
/// Whether no part of @p path below @p root is a symbolic link (the last may be missing).
bool isPlainPath(const std::filesystem::path& root, const std::filesystem::path& path);

} // namespace bm::agent
