#include "images/formats/partition_table.h"

#include "common/text/bytes.h"

#include <algorithm>
#include <cstring>

namespace bm::images {
namespace {

constexpr std::uint64_t kMostSectors = std::uint64_t{1} << 50U;
constexpr std::size_t kMbrTable = 446;
constexpr std::size_t kMbrEntry = 16;
constexpr std::size_t kMbrEntries = 4;
constexpr std::uint8_t kProtective = 0xee;

/// UEFI 2.10, 5.3.2: offset 32 of the first header has the position of the backup header, in the last sector.
std::uint64_t gptSectors(std::span<const std::byte> head, std::size_t sectorBytes) noexcept
{
    constexpr std::string_view kSignature = "EFI PART";
    if (head.size() < 2 * sectorBytes ||
        std::memcmp(head.data() + sectorBytes, kSignature.data(), kSignature.size()) != 0)
        return 0;
    const std::uint64_t backup = text::littleEndian<std::uint64_t>(head, sectorBytes + 32);
    return backup < kMostSectors ? backup + 1 : 0;
}

/// 0 when the four entries are not a partition table: a boot sector of FAT or NTFS has code there.
std::uint64_t mbrSectors(std::span<const std::byte> head) noexcept
{
    if (head.size() < 512 || text::littleEndian<std::uint16_t>(head, 510) != 0xaa55)
        return 0;
    std::uint64_t end = 0;
    for (std::size_t i = 0; i < kMbrEntries; ++i) {
        const std::size_t at = kMbrTable + i * kMbrEntry;
        const auto status = static_cast<std::uint8_t>(head[at]);
        const auto type = static_cast<std::uint8_t>(head[at + 4]);
        if (status != 0 && status != 0x80)
            return 0;
        if (type == kProtective)
            return 0;
        const std::uint64_t first = text::littleEndian<std::uint32_t>(head, at + 8);
        if (type != 0)
            end = std::max(end, first + text::littleEndian<std::uint32_t>(head, at + 12));
    }
    return end;
}

} // namespace

PartitionExtent partitionExtent(std::span<const std::byte> head) noexcept
{
    for (const std::size_t sector : {std::size_t{512}, std::size_t{4096}})
        if (const std::uint64_t sectors = gptSectors(head, sector); sectors > 0)
            return {"GPT", sectors * sector};
    if (const std::uint64_t sectors = mbrSectors(head); sectors > 0)
        return {"MBR", sectors * 512};
    return {};
}

} // namespace bm::images
