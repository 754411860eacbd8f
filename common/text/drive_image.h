#pragma once
#include "common/text/bytes.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// The file systems of a configuration drive, by their first bytes.
namespace bm::text {

/// True if @p image has @p magic at @p offset; false when @p image is too short.
constexpr bool hasAt(std::string_view image, std::size_t offset, std::string_view magic) noexcept
{
    return image.size() >= offset + magic.size() && image.substr(offset, magic.size()) == magic;
}

/// ECMA-119, 8.1.2: the identifier of the first volume descriptor, and something behind it.
constexpr bool isIso(std::string_view image) noexcept
{
    constexpr std::size_t kIdentifierAt = 0x8001;
    constexpr std::string_view kIdentifier = "CD001";
    return image.size() > kIdentifierAt + kIdentifier.size() && hasAt(image, kIdentifierAt, kIdentifier);
}

constexpr bool isFat32(std::string_view image) noexcept
{
    return hasAt(image, 0x52, "FAT32");
}

/// FAT12, FAT16 or FAT32.
constexpr bool isFat(std::string_view image) noexcept
{
    return hasAt(image, 0x36, "FAT") || isFat32(image);
}

/// The size that the file system of @p image says; 0 where it says none. ECMA-119, 8.4.8 and 8.4.12; the boot
/// sector of FAT.
inline std::uint64_t driveBytes(std::string_view image) noexcept
{
    const std::span<const std::byte> bytes = std::as_bytes(std::span(image));
    constexpr std::size_t kIsoBlocks = 0x8050;
    constexpr std::size_t kIsoBlockBytes = 0x8080;
    if (isIso(image))
        return image.size() < kIsoBlockBytes + 2
                   ? UINT64_MAX
                   : std::uint64_t{littleEndian<std::uint32_t>(bytes, kIsoBlocks)} *
                         littleEndian<std::uint16_t>(bytes, kIsoBlockBytes);
    constexpr std::size_t kSectorBytes = 0x0b;
    constexpr std::size_t kSectors16 = 0x13;
    constexpr std::size_t kSectors32 = 0x20;
    if (!isFat(image))
        return 0;
    const std::uint64_t few = littleEndian<std::uint16_t>(bytes, kSectors16);
    const std::uint64_t sectors = few != 0 ? few : littleEndian<std::uint32_t>(bytes, kSectors32);
    return sectors * littleEndian<std::uint16_t>(bytes, kSectorBytes);
}

} // namespace bm::text
