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

/// GUIDs as they are in the file.
constexpr std::string_view kTableRegion{"\x66\x77\xc2\x2d\x23\xf6\x00\x42\x9d\x64\x11\x5e\x9b\xfd\x4a\x08",
                                        16};
constexpr std::string_view kMetadataRegion{"\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e",
                                           16};

/// CRC-32C over @p bytes with its own field (at 4) as zero.
bool isIntact(std::vector<std::byte> bytes)
{
    const auto given = text::littleEndian<std::uint32_t>(bytes, 4);
    std::memset(bytes.data() + 4, 0, 4);
    return crc32c(bytes) == given;
}

/// The newer of the two copies that is whole.
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
        kRefusal.corrupt("neither of its headers is whole");
    return active;
}

void checkHeader(std::span<const std::byte> header)
{
    if (const auto version = text::littleEndian<std::uint16_t>(header, 66); version != 1)
        kRefusal.unsupported(fmt::format("version {}", version), "convert it with the tool that made it");
    for (const std::byte byte : header.subspan(48, 16)) // the log's GUID
        if (byte != std::byte{0})
            kRefusal.unsupported("its log must be replayed first: it was not closed cleanly",
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
        kRefusal.corrupt("a region lies outside the file: it is cut off");
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
            kRefusal.unsupported("an unknown region that is required",
                                 "convert it with the tool that made it");
        if (into != nullptr && into->has_value())
            kRefusal.corrupt("a region that is there twice");
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
    kRefusal.corrupt("neither of its region tables is whole");
}

/// Payload entries, with one entry of a sector bitmap after every so many (2.5).
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
        kRefusal.corrupt("no file identifier at its begin");
    checkHeader(activeHeader(file));
    const Regions regions = readRegions(file, regionTable(file));
    if (!regions.table || !regions.metadata)
        kRefusal.corrupt("its block table or its metadata is missing");
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
        kRefusal.corrupt("its block table is too short");
    return header;
}

void checkVhdxBlocks(const ByteSource& file, const VhdxHeader& header)
{
    constexpr std::uint64_t kStride = 8192; // entries in memory at once
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
            if ((first + i) % (ratio + 1) == ratio) // a sector bitmap: only differencing disks have them
                continue;
            const std::uint64_t guest = ((first + i) - (first + i) / (ratio + 1)) * header.blockBytes;
            const std::uint64_t length =
                std::min<std::uint64_t>(header.blockBytes, header.virtualBytes - guest);
            const std::uint64_t offset = entry >> 20U << 20U;
            if (state == kPartlyPresent)
                kRefusal.unsupported("a block that is partly its parent's", "merge it with its parent first");
            if (state == kFullyPresent &&
                (length > file.sizeBytes() || offset > file.sizeBytes() - length || offset < kMebibyte))
                kRefusal.corrupt(fmt::format("cut off: {} bytes, its table refers to {}", file.sizeBytes(),
                                             offset + length));
        }
    }
}

} // namespace bm::images
