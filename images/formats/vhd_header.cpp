#include "images/formats/vhd_header.h"

#include "common/text/bytes.h"
#include "images/formats/disk_refusal.h"

#include <bit>
#include <cstring>

namespace bm::images {
namespace {

constexpr DiskRefusal kRefusal{"vhd"};
constexpr std::uint64_t kSector = 512;
constexpr std::size_t kDynamicBytes = 1024;
constexpr std::uint32_t kFixed = 2;
constexpr std::uint32_t kDynamic = 3;
constexpr std::uint32_t kDifferencing = 4;
constexpr std::uint32_t kVersion = 0x00010000;
constexpr std::uint32_t kUnused = 0xffffffff;
constexpr std::uint32_t kMostBlockBytes = 1U << 28U;

bool begins(std::span<const std::byte> bytes, const char* cookie)
{
    return bytes.size() >= 8 && std::memcmp(bytes.data(), cookie, 8) == 0;
}

/// One's complement of the sum of all bytes except the checksum field.
std::uint32_t checksumOf(std::span<const std::byte> bytes, std::size_t at)
{
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (i < at || i >= at + 4)
            sum += std::to_integer<std::uint32_t>(bytes[i]);
    return ~sum;
}

struct Footer {
    std::uint32_t type = 0;
    std::uint64_t headerOffset = 0;
    std::uint64_t sizeBytes = 0;
};

Footer readFooter(std::span<const std::byte> bytes)
{
    if (bytes.size() < kVhdFooterBytes || !begins(bytes, "conectix"))
        kRefusal.corrupt("truncated: the file has no footer at its end");
    bytes = bytes.first(kVhdFooterBytes);
    if (checksumOf(bytes, 64) != text::bigEndian<std::uint32_t>(bytes, 64))
        kRefusal.corrupt("the checksum of the footer is wrong");
    if (text::bigEndian<std::uint32_t>(bytes, 12) >> 16U != kVersion >> 16U)
        kRefusal.unsupported(
            fmt::format("unsupported version {:#x}", text::bigEndian<std::uint32_t>(bytes, 12)),
            "convert it first: qemu-img convert");
    const Footer footer{text::bigEndian<std::uint32_t>(bytes, 60), text::bigEndian<std::uint64_t>(bytes, 16),
                        text::bigEndian<std::uint64_t>(bytes, 48)};
    if (footer.type == kDifferencing)
        kRefusal.unsupported("a differencing disk, which needs its parent",
                             "merge it with its parent, or qemu-img convert -O vpc IMAGE NEW.vhd");
    if (footer.type != kFixed && footer.type != kDynamic)
        kRefusal.unsupported(fmt::format("unsupported disk type {}", footer.type),
                             "convert it to a fixed or dynamic VHD");
    if (footer.sizeBytes % kSector != 0)
        kRefusal.corrupt(fmt::format("{} bytes are not a whole number of sectors", footer.sizeBytes));
    return footer;
}

} // namespace

std::optional<VhdHeader> parseVhdFooter(std::span<const std::byte> footer, std::uint64_t diskBytes)
{
    if (!begins(footer, "conectix"))
        return std::nullopt;
    const Footer read = readFooter(footer);
    if (read.type != kFixed)
        kRefusal.corrupt("a dynamic disk has no header: the begin of the file is missing");
    if (read.sizeBytes != diskBytes)
        kRefusal.corrupt(
            fmt::format("the footer says {} bytes, but the file has {}", read.sizeBytes, diskBytes));
    VhdHeader header;
    header.virtualBytes = read.sizeBytes;
    return header;
}

VhdHeader parseVhdHeader(const ByteSource& file, std::uint64_t limitBytes)
{
    const std::vector<std::byte> first = file.read(0, kVhdFooterBytes);
    const Footer footer = readFooter(first);
    if (footer.type != kDynamic)
        kRefusal.corrupt("a fixed disk has a footer at its begin");
    kRefusal.checkSize(footer.sizeBytes, limitBytes);
    if (file.sizeBytes() < 2 * kVhdFooterBytes + kDynamicBytes ||
        file.read(file.sizeBytes() - kVhdFooterBytes, kVhdFooterBytes) != first)
        kRefusal.corrupt(
            "truncated: the footer at the end is missing, or differs from the copy at the begin");

    const std::vector<std::byte> dynamic = file.read(footer.headerOffset, kDynamicBytes);
    if (dynamic.size() < kDynamicBytes || !begins(dynamic, "cxsparse"))
        kRefusal.corrupt("the footer refers to a missing dynamic disk header");
    if (checksumOf(dynamic, 36) != text::bigEndian<std::uint32_t>(dynamic, 36))
        kRefusal.corrupt("the checksum of the dynamic disk header is wrong");
    VhdHeader header;
    header.dynamic = true;
    header.virtualBytes = footer.sizeBytes;
    header.tableOffset = text::bigEndian<std::uint64_t>(dynamic, 16);
    header.tableEntries = text::bigEndian<std::uint32_t>(dynamic, 28);
    header.blockBytes = text::bigEndian<std::uint32_t>(dynamic, 32);
    if (!std::has_single_bit(header.blockBytes) || header.blockBytes < kSector ||
        header.blockBytes > kMostBlockBytes)
        kRefusal.corrupt(fmt::format("invalid block size: {} bytes", header.blockBytes));
    if (std::uint64_t{header.tableEntries} * header.blockBytes < header.virtualBytes)
        kRefusal.corrupt(
            fmt::format("{} blocks are too few for {} bytes", header.tableEntries, header.virtualBytes));
    if (header.tableOffset > file.sizeBytes() ||
        std::uint64_t{header.tableEntries} * 4 > file.sizeBytes() - header.tableOffset)
        kRefusal.corrupt("truncated: the block table lies outside the file");
    return header;
}

void checkVhdBlocks(const ByteSource& file, const VhdHeader& header)
{
    constexpr std::uint64_t kStride = 16384; // table entries per read
    const std::uint64_t bitmap =
        (header.blockBytes / kSector / 8 + kSector - 1) / kSector * kSector; // precedes each block
    const std::uint64_t used = (header.virtualBytes + header.blockBytes - 1) / header.blockBytes;
    for (std::uint64_t first = 0; first < used; first += kStride) {
        const std::uint64_t count = std::min(kStride, used - first);
        const std::vector<std::byte> part = file.read(header.tableOffset + first * 4, count * 4);
        for (std::uint64_t i = 0; i < part.size() / 4; ++i) {
            const auto sector = text::bigEndian<std::uint32_t>(part, i * 4);
            const std::uint64_t guest = (first + i) * header.blockBytes;
            const std::uint64_t length =
                bitmap + std::min<std::uint64_t>(header.blockBytes, header.virtualBytes - guest);
            if (sector != kUnused && sector * kSector + length > file.sizeBytes())
                kRefusal.corrupt(fmt::format("truncated: the file has {} bytes, but its table refers to {}",
                                             file.sizeBytes(), sector * kSector + length));
        }
    }
}

} // namespace bm::images
