#include "agent/drive/config_drive.h"

#include "agent/base/aligned_buffer.h"
#include "agent/drive/drive_files.h"
#include "agent/drive/fat_image.h"
#include "common/model/error.h"
#include "common/text/bytes.h"
#include "common/text/drive_image.h"
#include "common/text/text.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <optional>
#include <span>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::string_view kLabel = "config-2";

/// One MiB of the partition: the image's bytes, then zeros.
void fill(const AlignedBuffer& buffer, std::string_view image, std::uint64_t offset)
{
    std::ranges::fill(buffer.bytes(), std::byte{0});
    if (offset >= image.size())
        return;
    const std::string_view piece = image.substr(offset, kMiB);
    std::memcpy(buffer.bytes().data(), piece.data(), piece.size());
}

/// The label of the file system that @p begin begins, without blanks at its end: ISO 9660 and FAT.
std::string_view labelOf(std::string_view begin)
{
    constexpr std::size_t kVolumeIdAt = 0x8028;
    const std::string_view label = text::isIso(begin)     ? begin.substr(kVolumeIdAt, 32)
                                   : text::isFat32(begin) ? begin.substr(0x47, 11)
                                   : text::isFat(begin)   ? begin.substr(0x2b, 11)
                                                          : std::string_view{};
    return text::trimmed(label, " ");
}

/// Refuses @p place if @p image does not fit, fills it and reads it back.
void writeDrive(BlockDevice& device, const Extent& place, std::string_view image)
{
    const std::uint64_t sector = device.sectorBytes();
    const std::uint64_t length = configDrivePartitionBytes(image);
    if ((place.last - place.first + 1) * sector < length)
        throw Error(
            ErrorCode::ConfigDriveFailed,
            fmt::format("the image's own partition config-2 is smaller than the config drive ({} bytes)",
                        image.size()),
            "make it larger in the image, or leave it out: one is added then");
    const AlignedBuffer buffer(kMiB);
    const AlignedBuffer again(kMiB);
    for (std::uint64_t offset = 0; offset < length; offset += kMiB) {
        fill(buffer, image, offset);
        device.write(place.first * sector + offset, buffer.bytes());
    }
    device.flush();
    for (std::uint64_t offset = 0; offset < length; offset += kMiB) {
        fill(buffer, image, offset);
        device.read(place.first * sector + offset, again.bytes());
        if (std::memcmp(buffer.bytes().data(), again.bytes().data(), kMiB) != 0)
            throw Error(ErrorCode::DiskFailed,
                        fmt::format("{} returned another config drive than was written, at byte {}",
                                    device.path().string(), place.first * sector + offset),
                        "replace the disk");
    }
}

} // namespace

std::uint64_t configDrivePartitionBytes(std::string_view image)
{
    return (image.size() + kMiB - 1) / kMiB * kMiB;
}

void checkConfigDrive(std::string_view image)
{
    if (!text::isIso(image) && !text::isFat(image))
        throw Error(ErrorCode::ConfigDriveFailed,
                    fmt::format("the config drive ({} bytes) is neither an ISO 9660 nor a FAT file system",
                                image.size()),
                    "give meta_data and user_data, or an image made by mkisofs -V config-2");
}

std::string fittedConfigDrive(std::string image, std::uint32_t sectorBytes)
{
    constexpr std::uint32_t kIsoSectorBytes = 2048;
    constexpr std::size_t kFatSectorAt = 11;
    if (image.empty() || sectorBytes <= 512)
        return image;
    if (text::isIso(image))
        return sectorBytes > kIsoSectorBytes ? makeFat(filesOfIso(image), sectorBytes) : image;
    const auto own = text::littleEndian<std::uint16_t>(std::as_bytes(std::span(image)), kFatSectorAt);
    if (own < sectorBytes)
        throw Error(
            ErrorCode::ConfigDriveFailed,
            fmt::format("the config drive is a FAT file system with sectors of {} bytes, the disk has "
                        "sectors of {}",
                        own, sectorBytes),
            fmt::format("give an ISO 9660 image, which bm converts, or make it with mkfs.fat -S {}",
                        sectorBytes));
    return image;
}

std::optional<Extent> configDriveIn(const BlockDevice& device, const Mbr& table)
{
    constexpr std::size_t kLabelsEnd = 65536;
    for (const Extent& partition : table.partitions()) {
        const std::uint64_t begin = partition.first * device.sectorBytes();
        if (begin + kLabelsEnd > device.sizeBytes())
            continue;
        const AlignedBuffer buffer(kLabelsEnd);
        device.read(begin, buffer.bytes());
        const std::span<std::byte> bytes = buffer.bytes();
        if (labelOf({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) == kLabel)
            return partition;
    }
    return std::nullopt;
}

void placeConfigDrive(BlockDevice& device, Gpt& table, std::string_view image)
{
    std::optional<Extent> place = table.find(kLabel);
    if (!place)
        place = table.addAtEnd(configDrivePartitionBytes(image) / device.sectorBytes(), kLabel);
    writeDrive(device, *place, image);
}

void placeConfigDrive(BlockDevice& device, Mbr& table, std::string_view image)
{
    std::optional<Extent> place = configDriveIn(device, table);
    if (!place)
        place = table.addAtEnd(device.sizeBytes() / device.sectorBytes(),
                               configDrivePartitionBytes(image) / device.sectorBytes());
    writeDrive(device, *place, image);
}

} // namespace bm::agent
