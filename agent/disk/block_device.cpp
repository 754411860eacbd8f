#include "agent/disk/block_device.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::uint64_t kZeroPieceBytes = std::uint64_t{128} << 20U; ///< one ioctl cannot be interrupted
constexpr std::size_t kZeroBufferBytes = std::size_t{1} << 20U;

std::string reason(int error)
{
    return std::generic_category().message(error);
}

platform::Fd openDirect(const std::filesystem::path& path, int flags)
{
    platform::Fd fd(::open(path.c_str(), flags | O_DIRECT | O_CLOEXEC));
    if (!fd && errno == EINVAL) // the file system does not support it
        fd = platform::Fd(::open(path.c_str(), flags | O_CLOEXEC));
    return fd;
}

void collectHolders(const std::filesystem::path& folder, std::string& out)
{
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "holders", ignored))
        out += (out.empty() ? "" : ", ") + entry.path().filename().string();
}

} // namespace

std::string holdersOf(const std::filesystem::path& disk)
{
    std::string out;
    std::error_code ignored;
    const std::filesystem::path folder = std::filesystem::path("/sys/class/block") / disk.filename();
    collectHolders(folder, out);
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
        if (std::filesystem::exists(entry.path() / "partition", ignored))
            collectHolders(entry.path(), out);
    return out;
}

BlockDevice::BlockDevice(std::filesystem::path path, Access access) : path_(std::move(path))
{
    struct stat status = {};
    if (::stat(path_.c_str(), &status) != 0)
        throw Error(ErrorCode::DiskNotFound, fmt::format("{}: {}", path_.string(), reason(errno)));
    isBlock_ = S_ISBLK(status.st_mode);
    if (!isBlock_ && !S_ISREG(status.st_mode))
        throw Error(ErrorCode::DiskNotFound, fmt::format("{} is neither a disk nor a file", path_.string()));
    const int flags = access == Access::Read ? O_RDONLY : O_RDWR | (isBlock_ ? O_EXCL : 0);
    fd_ = openDirect(path_, flags);
    if (!fd_ && errno == EBUSY) {
        const std::string holders = holdersOf(path_);
        throw Error(ErrorCode::Conflict,
                    fmt::format("{} is in use{}{}", path_.string(), holders.empty() ? "" : " by ", holders),
                    "unmount it, or stop its RAID arrays and volumes");
    }
    if (!fd_)
        throw Error(ErrorCode::DiskFailed, fmt::format("cannot open {}: {}", path_.string(), reason(errno)));
    measure();
}

void BlockDevice::measure()
{
    if (!isBlock_) {
        struct stat status = {};
        if (::fstat(fd_.get(), &status) != 0)
            failed("examining", 0, errno);
        sizeBytes_ = static_cast<std::uint64_t>(status.st_size);
        return;
    }
    int sector = 512;
    if (::ioctl(fd_.get(), BLKGETSIZE64, &sizeBytes_) != 0 || ::ioctl(fd_.get(), BLKSSZGET, &sector) != 0)
        failed("examining", 0, errno);
    sectorBytes_ = static_cast<std::uint32_t>(sector);
}

void BlockDevice::failed(const char* doing, std::uint64_t offset, int error) const
{
    throw Error(ErrorCode::DiskFailed,
                fmt::format("{} {} at byte {} failed: {}", doing, path_.string(), offset, reason(error)),
                "check the kernel's log on the console; replace the disk or its cable");
}

void BlockDevice::write(std::uint64_t offset, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            failed("writing", offset, count == 0 ? EIO : errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

void BlockDevice::read(std::uint64_t offset, std::span<std::byte> bytes) const
{
    while (!bytes.empty()) {
        const ssize_t count = ::pread(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            failed("reading", offset, count == 0 ? EIO : errno);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
}

bool BlockDevice::zeroFast(std::uint64_t offset, std::uint64_t length)
{
    if (!isBlock_)
        return ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                           static_cast<off_t>(length)) == 0;
    std::uint64_t range[2] = {offset, length};
    if (::ioctl(fd_.get(), BLKZEROOUT, range) == 0)
        return true;
    if (errno == EIO || errno == ENOSPC)
        failed("zeroing", offset, errno);
    return false;
}

void BlockDevice::writeZeros(std::uint64_t offset, std::uint64_t length)
{
    const AlignedBuffer zeros(kZeroBufferBytes);
    std::ranges::fill(zeros.bytes(), std::byte{0});
    while (length > 0) {
        const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(length, kZeroBufferBytes));
        write(offset, zeros.first(piece));
        offset += piece;
        length -= piece;
    }
}

void BlockDevice::zero(std::uint64_t offset, std::uint64_t length, const std::stop_token& stop)
{
    while (length > 0) {
        if (stop.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while zeroing");
        const std::uint64_t piece = std::min(length, kZeroPieceBytes);
        if (!zeroFast(offset, piece))
            writeZeros(offset, piece);
        offset += piece;
        length -= piece;
    }
}

std::error_code BlockDevice::discard(std::uint64_t offset, std::uint64_t length, Discard how)
{
    std::uint64_t range[2] = {offset, length};
    int result = -1;
    errno = EOPNOTSUPP;
    if (isBlock_)
        result = ::ioctl(fd_.get(), how == Discard::Secure ? BLKSECDISCARD : BLKDISCARD, range);
    else if (how == Discard::Plain)
        result = ::fallocate(fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                             static_cast<off_t>(offset), static_cast<off_t>(length));
    return result == 0 ? std::error_code{} : std::error_code{errno, std::generic_category()};
}

void BlockDevice::flush()
{
    if (::fsync(fd_.get()) != 0)
        failed("flushing", 0, errno);
    if (isBlock_)
        ::ioctl(fd_.get(), BLKFLSBUF, 0); // unprivileged users may not call it; O_DIRECT suffices then
}

bool BlockDevice::rereadPartitions()
{
    constexpr int kTries = 20;
    constexpr std::chrono::milliseconds kPause{100};
    if (!isBlock_)
        return true;
    for (int i = 0; i < kTries; ++i) {
        if (::ioctl(fd_.get(), BLKRRPART, 0) == 0 || errno == EINVAL || errno == ENOTTY)
            return true;
        std::this_thread::sleep_for(kPause);
    }
    return false;
}

} // namespace bm::agent
