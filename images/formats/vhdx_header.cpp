#include "images/formats/vhdx_header.h"

#include "common/text/bytes.h"
#include "images/base/magic.h"
#include "images/formats/crc32c.h"
#include "images/formats/disk_refusal.h"
#include "images/formats/vhdx_metadata.h"

#include <bit>
#include <cstring>
#include <optional>

namespace bm::images {
namespace {

constexpr DiskRefusal kRefusal{"vhdx"};
constexpr std::uint64_t kKibibyte = 1024;
constexpr std::uint64_t kMebibyte = 1024 * kKibibyte;
constexpr std::size_t kHeaderBytes = 4096;
constexpr std::size_t kRegionTableBytes = 64 * kKibibyte;
constexpr std::uint32_t kMostRegions = 2047;

/// GUIDs in the byte order of the file.
constexpr std::string_view kTableRegion{"\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08",
                                        16};
constexpr std::string_view kMetadataRegion{"\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e",
                                           16};

/// True if the checksum is right: CRC-32C over @p bytes with the checksum field (offset 4) as zero.
bool isIntact(std::vector<std::byte> bytes)
{
    const auto given = text::littleEndian<std::uint32_t>(bytes, 4);
    std::memset(bytes.data() + 4, 0, 4);
    return crc32c(bytes) == given;
}

/// The newer one of the two intact header copies.
std::vector<std::byte> activeHeader(const ByteSource& file)
{
    std::vector<std::byte> active;
    for (const std::uint64_t at : {64 * kKibibyte, 128 * kKibibyte}) {
        std::vector<std::byte> copy = file.read(at, kHeaderBytes);
        if (copy.size() < kHeaderBytes || !hasAt(copy, 0, "head") || !isIntact(copy))
            continue;
        if (active.empty() ||
            text::littleEndian<std::uint64_t>(copy, 8) > text::littleEndian<std::uint64_t>(active, 8))
            active = std::move(copy);
    }
    if (active.empty())
        kRefusal.corrupt("both headers are damaged");
    return active;
}

void checkHeader(std::span<const std::byte> header)
{
    if (const auto version = text::littleEndian<std::uint16_t>(header, 66); version != 1)
        kRefusal.unsupported(fmt::format("unsupported version {}", version),
                             "convert it with the tool that created it");
    for (const std::byte byte : header.subspan(48, 16)) // the log's GUID
        if (byte != std::byte{0})
            kRefusal.unsupported("the log must be replayed: the file was not closed cleanly",
                                 "open and close it once: qemu-img check -r all IMAGE");
}

struct Region {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

Region readRegion(std::span<const std::byte> table, std::size_t at, std::uint64_t fileBytes)
{
    const Region region{text::littleEndian<std::uint64_t>(table, at + 16),
                        text::littleEndian<std::uint32_t>(table, at + 24)};
    if (region.offset < kMebibyte || region.offset % kMebibyte != 0 || region.bytes == 0 ||
        region.offset > fileBytes || region.bytes > fileBytes - region.offset)
        kRefusal.corrupt("truncated: a region lies outside the file");
    return region;
}

struct Regions {
    std::optional<Region> table;
    std::optional<Region> metadata;
};

Regions readRegions(const ByteSource& file, std::span<const std::byte> table)
{
    const auto count = text::littleEndian<std::uint32_t>(table, 8);
    if (count > kMostRegions)
        kRefusal.corrupt(fmt::format("{} regions", count));
    Regions regions;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::size_t at = 16 + std::size_t{i} * 32;
        std::optional<Region>* into = nullptr;
        if (hasAt(table, at, kTableRegion))
            into = &regions.table;
        else if (hasAt(table, at, kMetadataRegion))
            into = &regions.metadata;
        else if ((text::littleEndian<std::uint32_t>(table, at + 28) & 1U) != 0)
            kRefusal.unsupported("an unknown region is marked as required",
                                 "convert it with the tool that created it");
        if (into != nullptr && into->has_value())
            kRefusal.corrupt("a region appears twice");
        if (into != nullptr)
            *into = readRegion(table, at, file.sizeBytes());
    }
    return regions;
}

std::vector<std::byte> regionTable(const ByteSource& file)
{
    for (const std::uint64_t at : {192 * kKibibyte, 256 * kKibibyte}) {
        std::vector<std::byte> table = file.read(at, kRegionTableBytes);
        if (table.size() == kRegionTableBytes && hasAt(table, 0, "regi") && isIntact(table))
            return table;
    }
    kRefusal.corrupt("both region tables are damaged");
}

/// Number of payload entries between two sector bitmap entries (2.5).
std::uint64_t chunkRatio(const VhdxHeader& header)
{
    constexpr std::uint64_t kSectorsPerBitmap = std::uint64_t{1} << 23U;
    return kSectorsPerBitmap * header.sectorBytes / header.blockBytes;
}

std::uint64_t payloadBlocks(const VhdxHeader& header)
{
    return (header.virtualBytes + header.blockBytes - 1) / header.blockBytes;
}

} // namespace

VhdxHeader parseVhdxHeader(const ByteSource& file, std::uint64_t limitBytes)
{
    if (!hasAt(file.read(0, 8), 0, "vhdxfile"))
        kRefusal.corrupt("the file identifier is missing");
    checkHeader(activeHeader(file));
    const Regions regions = readRegions(file, regionTable(file));
    if (!regions.table || !regions.metadata)
        kRefusal.corrupt("the block table or the metadata is missing");
    const VhdxMetadata metadata = parseVhdxMetadata(file, regions.metadata->offset, regions.metadata->bytes);
    kRefusal.checkSize(metadata.virtualBytes, limitBytes);
    VhdxHeader header;
    header.virtualBytes = metadata.virtualBytes;
    header.blockBytes = metadata.blockBytes;
    header.sectorBytes = metadata.sectorBytes;
    header.tableOffset = regions.table->offset;
    header.tableBytes = regions.table->bytes;
    const std::uint64_t blocks = payloadBlocks(header);
    if ((blocks + (blocks - 1) / chunkRatio(header)) * 8 > header.tableBytes)
        kRefusal.corrupt("the block table is too short");
    return header;
}

void checkVhdxBlocks(const ByteSource& file, const VhdxHeader& header)
{
    constexpr std::uint64_t kStride = 8192; // table entries per read
    constexpr std::uint64_t kFullyPresent = 6;
    constexpr std::uint64_t kPartlyPresent = 7;
    const std::uint64_t ratio = chunkRatio(header);
    const std::uint64_t blocks = payloadBlocks(header);
    const std::uint64_t entries = blocks + (blocks - 1) / ratio;
    for (std::uint64_t first = 0; first < entries; first += kStride) {
        const std::uint64_t count = std::min(kStride, entries - first);
        const std::vector<std::byte> part = file.read(header.tableOffset + first * 8, count * 8);
        for (std::uint64_t i = 0; i < part.size() / 8; ++i) {
            const auto entry = text::littleEndian<std::uint64_t>(part, i * 8);
            const std::uint64_t state = entry & 7U;
            if ((first + i) % (ratio + 1) == ratio) // a sector bitmap, used by differencing disks only
                continue;
            const std::uint64_t guest = ((first + i) - (first + i) / (ratio + 1)) * header.blockBytes;
            const std::uint64_t length =
                std::min<std::uint64_t>(header.blockBytes, header.virtualBytes - guest);
            const std::uint64_t offset = entry >> 20U << 20U;
            if (state == kPartlyPresent)
                kRefusal.unsupported("a block is partly stored in a parent",
                                     "merge it with its parent first");
            if (state == kFullyPresent &&
                (length > file.sizeBytes() || offset > file.sizeBytes() - length || offset < kMebibyte))
                kRefusal.corrupt(fmt::format("truncated: the file has {} bytes, but its table refers to {}",
                                             file.sizeBytes(), offset + length));
        }
    }
}

} // namespace bm::images
