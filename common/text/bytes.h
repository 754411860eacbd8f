#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::text {

/// The unsigned integer at @p offset, least significant byte first. The caller has checked that it lies
/// inside @p bytes.
template <std::unsigned_integral T>
constexpr T littleEndian(std::span<const std::byte> bytes, std::size_t offset) noexcept
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[offset + i]) << (8U * i)));
    return value;
}

/// As littleEndian(), most significant byte first.
template <std::unsigned_integral T>
constexpr T bigEndian(std::span<const std::byte> bytes, std::size_t offset) noexcept
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(static_cast<T>(value << 8U) | static_cast<T>(bytes[offset + i]));
    return value;
}

/// Writes @p value at @p offset, least significant byte first. The caller has checked that it fits.
template <std::unsigned_integral T>
constexpr void storeLittleEndian(std::span<std::byte> bytes, std::size_t offset, T value) noexcept
{
    for (std::size_t i = 0; i < sizeof(T); ++i)
        bytes[offset + i] = static_cast<std::byte>(static_cast<std::uint8_t>(value >> (8U * i)));
}

} // namespace bm::text
