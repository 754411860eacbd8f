#include "agent/disk/mounted.h"

#include "common/model/error.h"

#include <cerrno>
#include <fmt/format.h>
#include <sys/mount.h>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

/// The mount options of @p kind. A superblock of ext says what the kernel does at a damaged block, and may
/// say "panic"; the option wins.
const char* optionsOf(FileSystem kind, bool readOnly)
{
    if (kind == FileSystem::Ext)
        return readOnly ? "noload,errors=continue" : "errors=remount-ro";
    if (kind == FileSystem::Xfs)
        return readOnly ? "norecovery,nouuid" : "nouuid";
    return "";
}

} // namespace

Mounted::Mounted(const BlockDevice& device, const ByteRange& part, FileSystem kind, bool readOnly)
    : loop_(device.path(), part.begin, part.end - part.begin, readOnly, device.sectorBytes()),
      folder_("bm-mount")
{
    unsigned long flags = MS_NODEV | MS_NOSUID | MS_NOEXEC | MS_NOATIME;
    if (readOnly)
        flags |= MS_RDONLY;
    if (::mount(loop_.path().c_str(), folder_.path().c_str(), std::string(toText(kind)).c_str(), flags,
                optionsOf(kind, readOnly)) != 0)
        throw model::Error(model::ErrorCode::DiskFailed,
                           fmt::format("mounting the {} at byte {} of {}: {}", toText(kind), part.begin,
                                       device.path().string(), std::generic_category().message(errno)),
                           "is it damaged? check it on the machine: fsck");
}

Mounted::~Mounted()
{
    if (::umount2(folder_.path().c_str(), 0) != 0)
        ::umount2(folder_.path().c_str(), MNT_DETACH); // before the removal of the folder with its content
}

bool isMountable(FileSystem kind) noexcept
{
    return kind == FileSystem::Ext || kind == FileSystem::Xfs || kind == FileSystem::Btrfs;
}

bool isPlainPath(const fs::path& root, const fs::path& path)
{
    fs::path at = root;
    for (const fs::path& part : path.lexically_relative(root)) {
        if (part == "..")
            return false;
        at /= part;
        std::error_code ignored;
        if (fs::is_symlink(fs::symlink_status(at, ignored)))
            return false;
    }
    return true;
}

} // namespace bm::agent
