#include "agent/tree/mounted_tree.h"

#include "common/model/error.h"
#include "common/platform/files.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace bm::agent {

using layout::FileSystem;
using model::Error;
using model::ErrorCode;

namespace {

[[noreturn]] void fail(const std::string& doing)
{
    throw Error(ErrorCode::DiskFailed, fmt::format("{}: {}", doing, std::strerror(errno)));
}

/// Drops the kernel's buffers of a device, so that reads come from the medium.
void dropCache(const std::string& device)
{
    const platform::Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0)
        fail("flushing " + device);
    ::ioctl(fd.get(), BLKFLSBUF);
}

void writeOut(const std::string& place)
{
    const platform::Fd fd(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::syncfs(fd.get()) != 0)
        fail("writing out " + place);
}

bool isMounted(const MadeVolume& made)
{
    return !made.volume.mount.empty() && !made.preserved && made.volume.fileSystem != FileSystem::Vfat;
}

} // namespace

void leaveMountNamespace()
{
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        throw Error(ErrorCode::AgentFailed,
                    fmt::format("a mount namespace of its own: {}", std::strerror(errno)),
                    "the agent needs root");
}

MountedTree::MountedTree(const std::vector<MadeVolume>& volumes)
{
    std::ranges::copy_if(volumes, std::back_inserter(volumes_), isMounted);
    std::ranges::sort(volumes_, {}, [](const MadeVolume& made) { return made.volume.mount; });
    std::string path = "/run/bm-tree.XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
        fail("making a folder in /run");
    root_ = path;
}

MountedTree::~MountedTree()
{
    for (auto place = mounted_.rbegin(); place != mounted_.rend(); ++place)
        ::umount2(place->c_str(), MNT_DETACH);
    ::rmdir(root_.c_str()); // not recursive, which would delete the deployed system
}

void MountedTree::mount(bool readOnly)
{
    for (const MadeVolume& made : volumes_) {
        const std::string place = made.volume.mount == "/" ? root_ : root_ + made.volume.mount;
        std::error_code ignored;
        if (!readOnly)
            std::filesystem::create_directories(place, ignored);
        const std::string type(toText(made.volume.fileSystem));
        if (::mount(made.device.c_str(), place.c_str(), type.c_str(), readOnly ? MS_RDONLY : MS_NOATIME,
                    nullptr) != 0)
            fail(fmt::format("mounting {} ({}) at {}", made.device, type, made.volume.mount));
        mounted_.push_back(place);
    }
}

std::vector<std::string> MountedTree::devices() const
{
    std::vector<std::string> out;
    for (const MadeVolume& made : volumes_)
        out.push_back(made.device);
    return out;
}

std::string MountedTree::roomiest() const
{
    std::string best;
    std::uint64_t most = 0;
    for (const std::string& place : mounted_) {
        struct statvfs status {};
        if (::statvfs(place.c_str(), &status) != 0)
            fail("asking for the free space of " + place);
        if (const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
            best.empty() || free > most) {
            best = place;
            most = free;
        }
    }
    return best;
}

void MountedTree::unmount()
{
    while (!mounted_.empty()) {
        writeOut(mounted_.back());
        if (::umount2(mounted_.back().c_str(), 0) != 0)
            fail("unmounting " + mounted_.back());
        mounted_.pop_back();
    }
    for (const MadeVolume& made : volumes_)
        dropCache(made.device);
}

} // namespace bm::agent
