#include "images/formats/vmdk_header.h"

#include "common/text/bytes.h"
#include "images/formats/disk_refusal.h"
#include "images/formats/vmdk_descriptor.h"

#include <bit>

namespace bm::images {
namespace {

constexpr DiskRefusal kRefusal{"vmdk"};
constexpr std::uint64_t kSector = 512;
constexpr std::size_t kHeaderBytes = 512;
constexpr std::uint64_t kFooterBytes = 1024; // the footer, then the end-of-stream marker
constexpr std::uint64_t kDirectoryAtEnd = ~std::uint64_t{0};
constexpr std::uint32_t kMostTableEntries = 512; // the limit of qemu, too
constexpr std::uint64_t kLeastGrainSectors = 8;
constexpr std::uint64_t kMostGrainSectors = 0x8000;

constexpr std::uint32_t kZeroGrains = 1U << 2U;
constexpr std::uint32_t kCompressed = 1U << 16U;
constexpr std::uint32_t kMarkers = 1U << 17U;
constexpr std::uint32_t kUnderstood = 0x7U | kCompressed | kMarkers;

/// The 512 bytes at the begin of a file; a stream-optimised file repeats them near its end.
struct SparseExtent {
    std::uint32_t version = 0;
    std::uint32_t flags = 0;
    std::uint64_t capacity = 0; // this and the sizes below are in sectors
    std::uint64_t grain = 0;
    std::uint64_t descriptor = 0;
    std::uint64_t descriptorLength = 0;
    std::uint32_t tableEntries = 0;
    std::uint64_t directory = 0;
    std::uint16_t compression = 0;
};

SparseExtent readExtent(std::span<const std::byte> bytes)
{
    if (bytes.size() < kHeaderBytes || text::littleEndian<std::uint32_t>(bytes, 0) != 0x564d444b) // "KDMV"
        kRefusal.corrupt("truncated: a sparse extent header is missing");
    SparseExtent extent;
    extent.version = text::littleEndian<std::uint32_t>(bytes, 4);
    extent.flags = text::littleEndian<std::uint32_t>(bytes, 8);
    extent.capacity = text::littleEndian<std::uint64_t>(bytes, 12);
    extent.grain = text::littleEndian<std::uint64_t>(bytes, 20);
    extent.descriptor = text::littleEndian<std::uint64_t>(bytes, 28);
    extent.descriptorLength = text::littleEndian<std::uint64_t>(bytes, 36);
    extent.tableEntries = text::littleEndian<std::uint32_t>(bytes, 44);
    extent.directory = text::littleEndian<std::uint64_t>(bytes, 56);
    extent.compression = text::littleEndian<std::uint16_t>(bytes, 77);
    return extent;
}

void checkExtent(const SparseExtent& extent, std::uint64_t limitBytes)
{
    if (extent.version < 1 || extent.version > 3)
        kRefusal.unsupported(fmt::format("unsupported version {}", extent.version),
                             "convert it first: qemu-img convert");
    if ((extent.flags & ~kUnderstood) != 0)
        kRefusal.unsupported(fmt::format("unknown flags {:#x}", extent.flags & ~kUnderstood),
                             "convert it with the tool that created it");
    if (extent.capacity == 0)
        kRefusal.unsupported("the file is a descriptor of other files, without data",
                             "convert it to one file: qemu-img convert -O vmdk IMAGE NEW.vmdk");
    if (extent.capacity > UINT64_MAX / kSector)
        kRefusal.checkSize(UINT64_MAX, limitBytes);
    kRefusal.checkSize(extent.capacity * kSector, limitBytes);
    if (!std::has_single_bit(extent.grain) || extent.grain < kLeastGrainSectors ||
        extent.grain > kMostGrainSectors)
        kRefusal.corrupt(fmt::format("invalid grain size: {} sectors", extent.grain));
    if (extent.tableEntries == 0 || extent.tableEntries > kMostTableEntries)
        kRefusal.corrupt(fmt::format("invalid grain table length: {} entries", extent.tableEntries));
    if (extent.compression > 1 || ((extent.flags & kCompressed) != 0 && extent.compression != 1))
        kRefusal.unsupported(fmt::format("unsupported compression {}", extent.compression),
                             "convert it with the tool that created it");
}

/// Reads the footer of a stream-optimised file: only the footer has the position of the grain directory.
SparseExtent readFooter(const ByteSource& file, const SparseExtent& header, std::uint64_t limitBytes)
{
    if (file.sizeBytes() < 4 * kSector)
        kRefusal.corrupt("the file is truncated");
    const SparseExtent footer = readExtent(file.read(file.sizeBytes() - kFooterBytes, kHeaderBytes));
    checkExtent(footer, limitBytes);
    if (footer.capacity != header.capacity || footer.grain != header.grain ||
        footer.tableEntries != header.tableEntries || footer.flags != header.flags ||
        footer.compression != header.compression)
        kRefusal.corrupt("header and footer contradict each other");
    return footer;
}

std::uint64_t directoryEntries(const VmdkHeader& header)
{
    const std::uint64_t covered = header.grainBytes * header.tableEntries;
    return (header.virtualBytes + covered - 1) / covered;
}

/// Walks the grain directory and its tables, one table at a time.
class Walk {
public:
    Walk(const ByteSource& file, const VmdkHeader& header) : file_(file), header_(header) {}

    void run() const
    {
        const std::uint64_t entries = directoryEntries(header_);
        for (std::uint64_t first = 0; first < entries; first += kStride) {
            const std::uint64_t count = std::min(kStride, entries - first);
            const std::vector<std::byte> part = file_.read(header_.directoryBytes + first * 4, count * 4);
            if (part.size() < count * 4)
                cutOff(header_.directoryBytes + entries * 4);
            for (std::uint64_t i = 0; i < count; ++i)
                if (const auto table = text::littleEndian<std::uint32_t>(part, i * 4); table != 0)
                    walkTable(table * kSector);
        }
    }

private:
    static constexpr std::uint64_t kStride = 16384; // table entries per read

    void walkTable(std::uint64_t offset) const
    {
        const std::size_t bytes = std::size_t{header_.tableEntries} * 4;
        require(offset, bytes);
        const std::vector<std::byte> table = file_.read(offset, bytes);
        for (std::size_t i = 0; i < header_.tableEntries; ++i)
            if (const auto grain = text::littleEndian<std::uint32_t>(table, i * 4); grain != 0)
                checkGrain(grain);
    }

    void checkGrain(std::uint32_t grain) const
    {
        if (grain == 1 && header_.zeroGrains)
            return;
        const std::uint64_t offset = std::uint64_t{grain} * kSector;
        constexpr std::size_t kMarkerBytes = 12; // u64 sector, u32 length, then the stream
        std::uint64_t length = header_.grainBytes;
        if (header_.compressed) {
            require(offset, kMarkerBytes);
            length = kMarkerBytes + text::littleEndian<std::uint32_t>(file_.read(offset, kMarkerBytes), 8);
        }
        require(offset, length);
    }

    void require(std::uint64_t offset, std::uint64_t length) const
    {
        if (length > file_.sizeBytes() || offset > file_.sizeBytes() - length)
            cutOff(offset + length);
    }

    [[noreturn]] void cutOff(std::uint64_t needed) const
    {
        kRefusal.corrupt(fmt::format("truncated: the file has {} bytes, but its tables refer to {}",
                                     file_.sizeBytes(), needed));
    }

    const ByteSource& file_;
    const VmdkHeader& header_;
};

} // namespace

VmdkHeader parseVmdkHeader(const ByteSource& file, std::uint64_t limitBytes)
{
    SparseExtent extent = readExtent(file.read(0, kHeaderBytes));
    checkExtent(extent, limitBytes);
    checkVmdkDescriptor(file, extent.descriptor, extent.descriptorLength);
    if (extent.directory == kDirectoryAtEnd)
        extent = readFooter(file, extent, limitBytes);
    VmdkHeader header;
    header.virtualBytes = extent.capacity * kSector;
    header.grainBytes = extent.grain * kSector;
    header.tableEntries = extent.tableEntries;
    header.compressed = (extent.flags & kCompressed) != 0;
    header.zeroGrains = (extent.flags & kZeroGrains) != 0;
    if (extent.directory == 0 || extent.directory > file.sizeBytes() / kSector)
        kRefusal.corrupt("truncated: the grain directory lies outside the file");
    header.directoryBytes = extent.directory * kSector;
    if (directoryEntries(header) * 4 > file.sizeBytes() - header.directoryBytes)
        kRefusal.corrupt("truncated: the grain directory is longer than the file");
    return header;
}

void checkVmdkGrains(const ByteSource& file, const VmdkHeader& header)
{
    Walk(file, header).run();
}

} // namespace bm::images
