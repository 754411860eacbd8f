#include "images/sources/source_file.h"

#include "common/model/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bm::images {

using model::Error;
using model::ErrorCode;

SourceFile::SourceFile(std::filesystem::path path)
    : path_(std::move(path)),
      fd_(::open(path_.c_str(),
                 O_RDONLY | O_CLOEXEC | O_NONBLOCK)) // O_NONBLOCK: opening a FIFO must not block
{
    if (!fd_) {
        const int reason = errno;
        throw Error(reason == ENOENT ? ErrorCode::NotFound : ErrorCode::InvalidInput,
                    fmt::format("cannot read {}: {}", path_.string(), std::strerror(reason)),
                    "check that the file exists and that bmd may read it");
    }
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0 || !S_ISREG(status.st_mode))
        throw Error(ErrorCode::InvalidInput, fmt::format("{} is not a regular file", path_.string()),
                    "use the file of an image");
    sizeBytes_ = static_cast<std::uint64_t>(status.st_size);
    ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

std::vector<std::byte> SourceFile::read(std::uint64_t offset, std::size_t count) const
{
    if (offset >= sizeBytes_)
        return {};
    std::vector<std::byte> bytes(std::min<std::uint64_t>(count, sizeBytes_ - offset));
    for (std::size_t at = 0; at < bytes.size();)
        at += readSome(offset + at, std::span(bytes).subspan(at));
    return bytes;
}

std::size_t SourceFile::readSome(std::uint64_t offset, std::span<std::byte> room) const
{
    ssize_t count = -1;
    do
        count = ::pread(fd_.get(), room.data(), room.size(), static_cast<off_t>(offset));
    while (count < 0 && errno == EINTR);
    if (count < 0)
        throw Error(ErrorCode::Internal, fmt::format("reading {}: {}", path_.string(), std::strerror(errno)),
                    "check the disk (dmesg)");
    if (count == 0)
        throw Error(ErrorCode::ImageCorrupt, fmt::format("{} shrank while bmd read it", path_.string()),
                    "add it again when no program writes to it");
    return static_cast<std::size_t>(count);
}

SourceFile::Extent SourceFile::nextData(std::uint64_t from) const
{
    const off_t begin = ::lseek(fd_.get(), static_cast<off_t>(from), SEEK_DATA);
    if (begin < 0 && errno == ENXIO)
        return {sizeBytes_, sizeBytes_};
    if (begin < 0)
        return {from, sizeBytes_}; // a file system that reports no holes
    const off_t end = ::lseek(fd_.get(), begin, SEEK_HOLE);
    const std::uint64_t known = end < 0 ? sizeBytes_ : static_cast<std::uint64_t>(end);
    return {std::min(static_cast<std::uint64_t>(begin), sizeBytes_), std::min(known, sizeBytes_)};
}

} // namespace bm::images
