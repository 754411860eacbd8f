#include "images/formats/crc32c.h"

#include <array>

namespace bm::images {
namespace {

constexpr std::uint32_t kPolynomial = 0x82f63b78; // reflected

constexpr std::array<std::uint32_t, 256> makeTable()
{
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit)
            value = (value & 1U) != 0 ? value >> 1U ^ kPolynomial : value >> 1U;
        table.at(i) = value;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> kTable = makeTable();

} // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes) noexcept
{
    std::uint32_t crc = 0xffffffff;
    for (const std::byte byte : bytes)
        crc = kTable[(crc ^ std::to_integer<std::uint32_t>(byte)) & 0xffU] ^ crc >> 8U;
    return ~crc;
}

} // namespace bm::images
