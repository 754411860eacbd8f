#include "images/base/disk_space.h"

#include "common/model/error.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <string_view>
#include <sys/statvfs.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::string_view kFreeSpaceHint =
    "delete unused images (bm image list, bm image delete), or move the "
    "store to a larger file system";

} // namespace

std::uint64_t freeBytes(const std::filesystem::path& folder)
{
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0)
        throw Error(
            ErrorCode::Internal,
            fmt::format("cannot read the free space of {}: {}", folder.string(), std::strerror(errno)),
            "check that the store's folder exists and that bmd may read it");
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

void checkFreeSpace(const std::filesystem::path& folder, std::uint64_t reserveBytes, std::uint64_t bytes)
{
    const std::uint64_t free = freeBytes(folder);
    if (free >= reserveBytes && free - reserveBytes >= bytes)
        return;
    throw Error(
        ErrorCode::StoreFull,
        fmt::format("the image store {} has {} free ({} bytes) and keeps {} in reserve; {} ({} bytes) "
                    "more are needed",
                    folder.string(), humanBytes(free), free, humanBytes(reserveBytes), humanBytes(bytes),
                    bytes),
        std::string(kFreeSpaceHint));
}

void throwWriteFailed(const std::string& doing, int errorNumber)
{
    const bool full = errorNumber == ENOSPC || errorNumber == EDQUOT || errorNumber == EFBIG;
    throw Error(full ? ErrorCode::StoreFull : ErrorCode::Internal,
                fmt::format("{}: {}", doing, std::strerror(errorNumber)),
                full ? std::string(kFreeSpaceHint) : "check the store's disk and its permissions");
}

std::string humanBytes(std::uint64_t bytes)
{
    constexpr std::array<std::string_view, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

} // namespace bm::images
