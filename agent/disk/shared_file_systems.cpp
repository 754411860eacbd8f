#include "agent/disk/shared_file_systems.h"

#include "agent/base/aligned_buffer.h"
#include "agent/disk/file_systems.h"
#include "agent/disk/lvm_metadata.h"
#include "agent/disk/mbr.h"
#include "common/model/error.h"
#include "common/text/bytes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>
#include <span>
#include <string_view>

namespace bm::agent {

using namespace std::string_view_literals;

namespace {

constexpr std::uint64_t kDiskSector = 512; ///< unit of md and LVM, whatever the disk's sectors are
constexpr int kDeepestVolume = 6;          ///< LVM on md on a partition: 3
constexpr unsigned kMostVolumes = 4096;    ///< tables may be made to lead to ever more
constexpr std::size_t kMostPartitions = 256;
constexpr std::uint64_t kMostRead = std::uint64_t{256}
                                    << 20U; ///< bytes of one disk; a table may lead to ever more
constexpr std::size_t kNsdBytes = 16384;    ///< sector 2, also of 4096 bytes

struct Signature {
    std::string_view fileSystem;
    std::uint64_t offset; ///< in the volume
    std::string_view bytes;
};
constexpr auto kSignatures = std::to_array<Signature>({
    {"GFS2", 65536, "\x01\x16\x19\x70"sv},
    {"OCFS2", 1024, "OCFSV2"sv}, // in the block 2, of 512 to 4096 bytes
    {"OCFS2", 2048, "OCFSV2"sv},
    {"OCFS2", 4096, "OCFSV2"sv},
    {"OCFS2", 8192, "OCFSV2"sv},
    {"OCFS", 8192, "OracleCFS"sv},
    {"VMFS", 1U << 20U, "\x0d\xd0\x01\xc0"sv}, // a member of a volume
    {"VMFS", 2U << 20U, "\x5e\xf1\xab\x2f"sv},
});

/// Partition types of cluster file systems.
struct GuidType {
    std::string_view fileSystem;
    std::string_view guid; ///< as in the table
};
constexpr auto kGuidTypes = std::to_array<GuidType>({
    {"GPFS", "\x90\xfc\xaf\x37\x7d\xef\x96\x4e\x91\xc3\x2d\x7a\xe0\x55\xb1\x74"sv},
    {"VMFS", "\x2a\xe0\x31\xaa\x0f\x40\xdb\x11\x95\x90\x00\x0c\x29\x11\xd1\xb8"sv},
});
constexpr auto kVmfsMbr = std::byte{0xfb};

std::string_view textOf(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool isExtended(std::byte type)
{
    return type == std::byte{0x05} || type == std::byte{0x0f} || type == std::byte{0x85};
}

class SharedSearch {
public:
    explicit SharedSearch(const BlockDevice& device) : device_(device) {}

    void volume(const ByteRange& range, const std::string& place, int depth = 0)
    {
        if (range.begin >= range.end || depth > kDeepestVolume || ++volumes_ > kMostVolumes)
            return;
        signatures(range, place);
        partitions(range, place, depth);
        raidMember(range, place, depth);
        logicalVolumes(range, place, depth);
    }
    std::vector<SharedFileSystem> take() { return std::move(found_); }

private:
    void add(std::string_view name, const std::string& place)
    {
        const auto same = [&](const SharedFileSystem& one) { return one.name == name && one.place == place; };
        if (std::ranges::none_of(found_, same))
            found_.push_back({std::string(name), place.empty() ? "the whole disk" : place});
    }

    static std::string within(const std::string& place, const std::string& what)
    {
        return place.empty() ? what : place + ", " + what;
    }

    /// Bytes of @p range; none beyond its end or where the disk cannot be read.
    std::vector<std::byte> bytes(const ByteRange& range, std::uint64_t offset, std::size_t length)
    {
        const std::uint64_t sector = device_.sectorBytes();
        const std::uint64_t size = range.end - range.begin;
        if (length == 0 || offset > size || length > size - offset || read_ > kMostRead)
            return {};
        read_ += length;
        const std::uint64_t begin = (range.begin + offset) / sector * sector;
        const std::uint64_t end = (range.begin + offset + length + sector - 1) / sector * sector;
        if (end > device_.sizeBytes() / sector * sector)
            return {};
        const AlignedBuffer buffer(end - begin);
        try {
            device_.read(begin, buffer.first(end - begin));
        } catch (const model::Error&) {
            return {};
        }
        const auto first = buffer.bytes().begin() + static_cast<std::ptrdiff_t>(range.begin + offset - begin);
        return {first, first + static_cast<std::ptrdiff_t>(length)};
    }

    void signatures(const ByteRange& range, const std::string& place)
    {
        for (const Signature& one : kSignatures)
            if (textOf(bytes(range, one.offset, one.bytes.size())) == one.bytes)
                add(one.fileSystem, place);
        const auto head = bytes(range, 0, std::min<std::uint64_t>(kNsdBytes, range.end - range.begin));
        if (textOf(head).find("NSD descriptor") != std::string_view::npos)
            add("GPFS", place);
    }

    void partition(const ByteRange& range, std::uint64_t first, std::uint64_t sectors, std::uint64_t sector,
                   const std::string& place, int depth)
    {
        const std::uint64_t most = (range.end - range.begin) / sector;
        if (first == 0 || first >= most || sectors == 0)
            return;
        const std::uint64_t begin = range.begin + first * sector;
        volume({begin, begin + std::min(sectors, most - first) * sector}, place, depth + 1);
    }

    void partitions(const ByteRange& range, const std::string& place, int depth)
    {
        for (const std::uint64_t sector : {std::uint64_t{512}, std::uint64_t{4096}}) {
            const std::uint64_t last = (range.end - range.begin) / sector;
            if (last > 1 && !gpt(range, sector, sector, place, depth))
                gpt(range, (last - 1) * sector, sector, place, depth); // the backup of a broken table
        }
        mbr(range, place, depth);
    }

    /// @return false without a table that has partitions
    bool gpt(const ByteRange& range, std::uint64_t at, std::uint64_t sector, const std::string& place,
             int depth)
    {
        const std::vector<std::byte> header = bytes(range, at, 92);
        if (header.empty() || !textOf(header).starts_with("EFI PART"))
            return false;
        const auto table = text::littleEndian<std::uint64_t>(header, 72);
        const auto count =
            std::min<std::size_t>(text::littleEndian<std::uint32_t>(header, 80), kMostPartitions);
        const std::size_t size = text::littleEndian<std::uint32_t>(header, 84);
        if (size < 128 || size > 4096 || table > range.end / sector)
            return false;
        bool used = false;
        const std::vector<std::byte> entries = bytes(range, table * sector, count * size);
        for (std::size_t i = 0; (i + 1) * size <= entries.size(); ++i) {
            const std::span<const std::byte> entry = std::span(entries).subspan(i * size, size);
            if (std::ranges::all_of(entry.first(16), [](std::byte byte) { return byte == std::byte{0}; }))
                continue;
            used = true;
            const std::string name = within(place, fmt::format("partition {}", i + 1));
            for (const GuidType& type : kGuidTypes)
                if (textOf(entry.first(16)) == type.guid)
                    add(type.fileSystem, name);
            const auto first = text::littleEndian<std::uint64_t>(entry, 32);
            const auto end = text::littleEndian<std::uint64_t>(entry, 40);
            if (end >= first && end < range.end / sector)
                partition(range, first, end - first + 1, sector, name, depth);
        }
        return used;
    }

    /// The place in the chain of an MBR and its extended boot records, in sectors.
    struct MbrChain {
        std::uint64_t table = 0;
        std::uint64_t extended = 0;
        unsigned logical = 5; ///< number of the next logical partition
    };

    /// Primary and logical partitions of an MBR.
    void mbr(const ByteRange& range, const std::string& place, int depth)
    {
        constexpr std::size_t kMostLogical = 64;
        MbrChain chain;
        for (std::size_t i = 0; i <= kMostLogical; ++i) {
            const std::optional<Mbr> parsed =
                Mbr::parse(bytes(range, chain.table * device_.sectorBytes(), kDiskSector));
            if (!parsed)
                return;
            const std::uint64_t next = mbrTable(range, *parsed, chain, place, depth);
            if (next <= chain.table) // the chain goes forward only
                return;
            chain.extended = chain.extended == 0 ? next : chain.extended;
            chain.table = next;
        }
    }

    /// @return the sector of the next table; 0: none
    std::uint64_t mbrTable(const ByteRange& range, const Mbr& parsed, MbrChain& chain,
                           const std::string& place, int depth)
    {
        std::uint64_t next = 0;
        unsigned primary = 0;
        for (const MbrEntry& entry : parsed.entries()) {
            ++primary;
            if (isExtended(entry.type))
                next = next == 0 ? chain.extended + entry.first : next;
            else if (entry.type != std::byte{0} && entry.type != std::byte{0xee})
                mbrPartition(range, entry, chain.table, place, chain.table == 0 ? primary : chain.logical++,
                             depth);
        }
        return next;
    }

    /// @param table  the sector of the table that has @p entry
    void mbrPartition(const ByteRange& range, const MbrEntry& entry, std::uint64_t table,
                      const std::string& place, unsigned number, int depth)
    {
        const std::string name = within(place, fmt::format("partition {}", number));
        if (entry.type == kVmfsMbr && entry.first != 0 && entry.sectors != 0)
            add("VMFS", name);
        partition(range, table + entry.first, entry.sectors, device_.sectorBytes(), name, depth);
    }

    /// md with metadata 1.1 or 1.2. Older metadata and 1.0 lie at the end, and the content at the begin.
    void raidMember(const ByteRange& range, const std::string& place, int depth)
    {
        constexpr std::uint32_t kMdMagic = 0xa92b4efc;
        for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{4096}}) {
            const std::vector<std::byte> super = bytes(range, at, 144);
            if (super.empty() || text::littleEndian<std::uint32_t>(super, 0) != kMdMagic)
                continue;
            const auto content = text::littleEndian<std::uint64_t>(super, 128);
            if (content != 0 && content < (range.end - range.begin) / kDiskSector)
                volume({range.begin + content * kDiskSector, range.end}, within(place, "a RAID member"),
                       depth + 1);
        }
    }

    void logicalVolumes(const ByteRange& range, const std::string& place, int depth)
    {
        const auto read = [&](std::uint64_t offset, std::size_t length) {
            return bytes(range, offset, length);
        };
        for (const std::uint64_t begin : logicalVolumeBegins(read))
            if (begin != 0 && begin < range.end - range.begin)
                volume({range.begin + begin, range.end}, within(place, "an LVM volume"), depth + 1);
    }

    const BlockDevice& device_;
    unsigned volumes_ = 0;
    std::uint64_t read_ = 0; ///< bytes
    std::vector<SharedFileSystem> found_;
};

} // namespace

std::vector<SharedFileSystem> sharedFileSystemsOn(const BlockDevice& device)
{
    SharedSearch search(device);
    search.volume({0, device.sizeBytes()}, "");
    return search.take();
}

} // namespace bm::agent
