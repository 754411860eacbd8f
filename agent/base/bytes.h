#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bm::agent {

/// Little endian integers in bytes, as on disk. The caller checked the length.
template <std::unsigned_integral T> T loadLe(std::span<const std::byte> bytes, std::size_t offset)
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[offset + i]) << (8U * i)));
    return value;
}

template <std::unsigned_integral T> void storeLe(std::span<std::byte> bytes, std::size_t offset, T value)
{
    for (std::size_t i = 0; i < sizeof(T); ++i)
        bytes[offset + i] = static_cast<std::byte>(static_cast<std::uint8_t>(value >> (8U * i)));
}

} // namespace bm::agent
