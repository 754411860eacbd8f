#include "agent/disk/config_drive.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::string_view kLabel = "config-2";

bool hasAt(std::string_view image, std::size_t offset, std::string_view magic)
{
    return image.size() >= offset + magic.size() && image.substr(offset, magic.size()) == magic;
}

/// One MiB of the partition: the image's bytes, then zeros.
void fill(const AlignedBuffer& buffer, std::string_view image, std::uint64_t offset)
{
    std::ranges::fill(buffer.bytes(), std::byte{0});
    if (offset >= image.size())
        return;
    const std::string_view piece = image.substr(offset, kMiB);
    std::memcpy(buffer.bytes().data(), piece.data(), piece.size());
}

} // namespace

std::uint64_t configDrivePartitionBytes(std::string_view image)
{
    return (image.size() + kMiB - 1) / kMiB * kMiB;
}

void checkConfigDrive(std::string_view image)
{
    const bool iso = hasAt(image, 0x8001, "CD001");
    const bool fat = hasAt(image, 0x36, "FAT") || hasAt(image, 0x52, "FAT32");
    if (!iso && !fat)
        throw Error(ErrorCode::ConfigDriveFailed,
                    fmt::format("the config drive ({} bytes) is neither an ISO 9660 nor a FAT file system",
                                image.size()),
                    "give meta_data and user_data, or an image made by mkisofs -V config-2");
}

void placeConfigDrive(BlockDevice& device, Gpt& table, std::string_view image)
{
    const std::uint64_t sector = device.sectorBytes();
    const std::uint64_t length = configDrivePartitionBytes(image);
    std::optional<Extent> place = table.find(kLabel);
    if (place && (place->last - place->first + 1) * sector < length)
        throw Error(
            ErrorCode::ConfigDriveFailed,
            fmt::format("the image's own partition config-2 is smaller than the config drive ({} bytes)",
                        image.size()),
            "make it larger in the image, or leave it out: one is added then");
    if (!place)
        place = table.addAtEnd(length / sector, kLabel);
    const AlignedBuffer buffer(kMiB);
    const AlignedBuffer again(kMiB);
    for (std::uint64_t offset = 0; offset < length; offset += kMiB) {
        fill(buffer, image, offset);
        device.write(place->first * sector + offset, buffer.bytes());
    }
    device.flush();
    for (std::uint64_t offset = 0; offset < length; offset += kMiB) {
        fill(buffer, image, offset);
        device.read(place->first * sector + offset, again.bytes());
        if (std::memcmp(buffer.bytes().data(), again.bytes().data(), kMiB) != 0)
            throw Error(ErrorCode::DiskFailed,
                        fmt::format("{} returned another config drive than was written, at byte {}",
                                    device.path().string(), place->first * sector + offset),
                        "replace the disk");
    }
}

} // namespace bm::agent
