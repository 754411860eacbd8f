#include "agent/disk/loop_device.h"

#include "common/model/error.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <system_error>
#include <unistd.h>

namespace bm::agent {
namespace {

constexpr int kAttachTries = 16; ///< another program may take the free one first
constexpr unsigned kLoopMajor = 7;
constexpr unsigned kMiscMajor = 10;
constexpr unsigned kControlMinor = 237; ///< Linux, Documentation/admin-guide/devices.txt

[[noreturn]] void failed(const std::filesystem::path& disk, const char* doing, int error)
{
    throw model::Error(
        model::ErrorCode::DiskFailed,
        fmt::format("{}: {}: {}", disk.string(), doing, std::generic_category().message(error)),
        "is the module loop there? modprobe loop");
}

/// Opening it loads the module; until then a RAM disk's /dev has no node.
platform::Fd openControl()
{
    constexpr const char* kPath = "/dev/loop-control";
    if (::access(kPath, F_OK) != 0)
        ::mknod(kPath, S_IFCHR | 0600, ::makedev(kMiscMajor, kControlMinor));
    return platform::Fd(::open(kPath, O_RDWR | O_CLOEXEC));
}

platform::Fd openLoop(int number)
{
    const std::string path = fmt::format("/dev/loop{}", number);
    if (::access(path.c_str(), F_OK) != 0) // without devtmpfs the node does not exist yet
        ::mknod(path.c_str(), S_IFBLK | 0600, ::makedev(kLoopMajor, static_cast<unsigned>(number)));
    return platform::Fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
}

} // namespace

LoopDevice::LoopDevice(const std::filesystem::path& disk, std::uint64_t offset, std::uint64_t length,
                       bool readOnly, std::uint32_t sectorBytes)
{
    const platform::Fd backing(::open(disk.c_str(), (readOnly ? O_RDONLY : O_RDWR) | O_CLOEXEC));
    if (!backing)
        failed(disk, "opening", errno);
    const platform::Fd control = openControl();
    if (!control)
        failed(disk, "opening /dev/loop-control", errno);
    loop_config config{};
    config.fd = static_cast<__u32>(backing.get());
    config.block_size = sectorBytes;
    config.info.lo_offset = offset;
    config.info.lo_sizelimit = length;
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (readOnly)
        config.info.lo_flags |= LO_FLAGS_READ_ONLY;
    int reason = ENODEV;
    for (int i = 0; i < kAttachTries; ++i) {
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0)
            failed(disk, "asking for a loop device", errno);
        platform::Fd loop = openLoop(number);
        if (loop && ::ioctl(loop.get(), LOOP_CONFIGURE, &config) == 0) {
            fd_ = std::move(loop);
            path_ = fmt::format("/dev/loop{}", number);
            return;
        }
        reason = errno;
        if (reason != EBUSY)
            break;
    }
    failed(disk, "making a loop device", reason);
}

} // namespace bm::agent
