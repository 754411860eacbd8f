#pragma once
#include <cstddef>
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

} // namespace bm::text
