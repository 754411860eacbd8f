#pragma once
#include <cstddef>
#include <span>

namespace bm::images {

/// The unsigned integer at @p offset, which with its size lies inside @p bytes (the caller has checked).
template <class T> T littleEndian(std::span<const std::byte> bytes, std::size_t offset) noexcept
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[offset + i]) << (8U * i)));
    return value;
}

/// As littleEndian(), most significant byte first.
template <class T> T bigEndian(std::span<const std::byte> bytes, std::size_t offset) noexcept
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(static_cast<T>(value << 8U) | static_cast<T>(bytes[offset + i]));
    return value;
}

} // namespace bm::images
