#include "agent/hardware/inspection/dmi_table.h"

#include "common/text/bytes.h"

namespace bm::agent {
namespace {

using Bytes = std::span<const std::byte>;

constexpr std::uint8_t kMemoryDevice = 17;
constexpr std::uint8_t kEndOfTable = 127;
constexpr std::size_t kHeaderBytes = 4;

std::uint64_t moduleMib(Bytes structure)
{
    constexpr std::size_t kSize = 0x0c;
    constexpr std::size_t kExtended = 0x1c;
    constexpr std::uint16_t kUnknown = 0xffff;
    constexpr std::uint16_t kSeeExtended = 0x7fff;
    constexpr std::uint16_t kInKib = 0x8000;
    if (structure.size() < kSize + 2)
        return 0;
    const auto size = text::littleEndian<std::uint16_t>(structure, kSize);
    if (size == kUnknown)
        return 0;
    if (size == kSeeExtended)
        return structure.size() < kExtended + 4
                   ? 0
                   : text::littleEndian<std::uint32_t>(structure, kExtended) & 0x7fffffffU;
    return (size & kInKib) != 0 ? (size & kSeeExtended) / 1024U : size;
}

/// The offset after the strings of a structure, which two zero bytes end.
std::size_t endOfStrings(Bytes table, std::size_t at)
{
    while (at + 1 < table.size() && (table[at] != std::byte{0} || table[at + 1] != std::byte{0}))
        ++at;
    return at + 2;
}

} // namespace

std::optional<std::uint64_t> installedMemoryMib(Bytes table)
{
    std::uint64_t total = 0;
    for (std::size_t at = 0; at + kHeaderBytes <= table.size();) {
        const auto type = text::littleEndian<std::uint8_t>(table, at);
        const std::size_t length = text::littleEndian<std::uint8_t>(table, at + 1);
        if (type == kEndOfTable || length < kHeaderBytes || length > table.size() - at)
            break;
        if (type == kMemoryDevice)
            total += moduleMib(table.subspan(at, length));
        at = endOfStrings(table, at + length);
    }
    return total > 0 ? std::optional<std::uint64_t>(total) : std::nullopt;
}

} // namespace bm::agent
