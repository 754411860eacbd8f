#include "agent/disk/mbr.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"
#include "common/text/bytes.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMbrBytes = 512;
constexpr std::size_t kEntriesAt = 446;
constexpr std::size_t kEntriesEnd = 510;
constexpr std::size_t kMbrEntryBytes = 16;
constexpr std::uint64_t kMbrSectors = std::uint64_t{1} << 32U; ///< 2 TiB
constexpr std::uint64_t kMbrAlign = 2048;
constexpr std::byte kLinuxByte{0x83};

MbrEntry entryAt(std::span<const std::byte> sector, std::size_t at)
{
    return {sector[at + 4], text::littleEndian<std::uint32_t>(sector, at + 8),
            text::littleEndian<std::uint32_t>(sector, at + 12)};
}

} // namespace

std::optional<Mbr> Mbr::parse(std::span<const std::byte> firstSector)
{
    if (firstSector.size() < kMbrBytes || firstSector[510] != std::byte{0x55} ||
        firstSector[511] != std::byte{0xaa})
        return std::nullopt;
    for (std::size_t at = kEntriesAt; at < kEntriesEnd; at += kMbrEntryBytes)
        if (firstSector[at] != std::byte{0} && firstSector[at] != std::byte{0x80})
            return std::nullopt;
    Mbr table;
    table.sector_.assign(firstSector.begin(), firstSector.begin() + kMbrBytes);
    return table;
}

std::optional<Mbr> Mbr::read(const BlockDevice& device)
{
    if (device.sectorBytes() != kMbrBytes || device.sizeBytes() < kMbrBytes)
        return std::nullopt;
    const AlignedBuffer buffer(kMbrBytes);
    device.read(0, buffer.first(kMbrBytes));
    return parse(buffer.first(kMbrBytes));
}

std::array<MbrEntry, 4> Mbr::entries() const
{
    std::array<MbrEntry, 4> out;
    for (std::size_t i = 0; i < out.size(); ++i)
        out.at(i) = entryAt(sector_, kEntriesAt + i * kMbrEntryBytes);
    return out;
}

std::vector<Extent> Mbr::partitions() const
{
    std::vector<Extent> out;
    for (const MbrEntry& entry : entries())
        if (entry.isUsed())
            out.push_back({entry.first, entry.first + entry.sectors - 1});
    return out;
}

Extent Mbr::addAtEnd(std::uint64_t diskSectors, std::uint64_t sectors)
{
    std::uint64_t floor = 1;
    for (const Extent& partition : partitions())
        floor = std::max(floor, partition.last + 1);
    std::size_t at = kEntriesAt;
    while (at < kEntriesEnd && entryAt(sector_, at).isUsed())
        at += kMbrEntryBytes;
    if (at == kEntriesEnd)
        throw Error(ErrorCode::ConfigDriveFailed,
                    "the image's MBR has four primary partitions: no entry is free for the config drive",
                    "an image with three of them or with a GPT, or deploy without a config drive");
    const std::uint64_t end = std::min(diskSectors, kMbrSectors);
    if (end < sectors || (end - sectors) / kMbrAlign * kMbrAlign < floor)
        throw Error(ErrorCode::ConfigDriveFailed,
                    fmt::format("no space for the config drive: it needs {} MiB after the last partition and "
                                "below 2 TiB",
                                sectors / kMbrAlign),
                    "use a disk that is larger than the image, or leave the last partition shorter");
    const std::uint64_t first = (end - sectors) / kMbrAlign * kMbrAlign;
    const std::span<std::byte> entry = std::span(sector_).subspan(at, kMbrEntryBytes);
    std::ranges::fill(entry, std::byte{0});
    for (const std::size_t addressAt : {1U, 5U}) { // cylinder, head and sector: beyond their range
        entry[addressAt] = std::byte{0xfe};
        entry[addressAt + 1] = entry[addressAt + 2] = std::byte{0xff};
    }
    entry[4] = kLinuxByte;
    text::storeLittleEndian(entry, 8, static_cast<std::uint32_t>(first));
    text::storeLittleEndian(entry, 12, static_cast<std::uint32_t>(sectors));
    return {first, first + sectors - 1};
}

void Mbr::remove(const Extent& extent)
{
    for (std::size_t at = kEntriesAt; at < kEntriesEnd; at += kMbrEntryBytes)
        if (const MbrEntry entry = entryAt(sector_, at); entry.isUsed() && entry.first == extent.first)
            std::ranges::fill(std::span(sector_).subspan(at, kMbrEntryBytes), std::byte{0});
}

void Mbr::write(BlockDevice& device) const
{
    writeTableSectors(device, 0, sector_);
    device.flush();
}

} // namespace bm::agent
