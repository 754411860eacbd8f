#include "images/formats/vhdx_metadata.h"

#include "common/text/bytes.h"
#include "images/formats/disk_refusal.h"

#include <array>
#include <bit>
#include <cstring>

namespace bm::images {
namespace {

constexpr DiskRefusal kRefusal{"vhdx"};
constexpr std::size_t kTableBytes = std::size_t{64} * 1024;
constexpr std::uint16_t kMostItems = 2047;
constexpr std::uint32_t kHasParent = 2;
constexpr std::uint32_t kRequired = 4;

enum class Item : std::uint8_t { FileParameters, DiskSize, SectorSize, PhysicalSectorSize, DiskId, Parent };

struct Known {
    std::string_view guid; // in the byte order of the file
    Item item;
    std::uint32_t length;
};

using namespace std::string_view_literals;

constexpr auto kKnown = std::to_array<Known>({
    {"\x37\x67\xa1\xca\x36\xfa\x43\x4d\xb3\xb6\x33\xf0\xaa\x44\xe7\x6b"sv, Item::FileParameters, 8},
    {"\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8"sv, Item::DiskSize, 8},
    {"\x1d\xbf\x41\x81\x6f\xa9\x09\x47\xba\x47\xf2\x33\xa8\xfa\xab\x5f"sv, Item::SectorSize, 4},
    {"\xc7\x48\xa3\xcd\x5d\x44\x71\x44\x9c\xc9\xe9\x88\x52\x51\xc5\x56"sv, Item::PhysicalSectorSize, 4},
    {"\xab\x12\xca\xbe\xe6\xb2\x23\x45\x93\xef\xc3\x09\xe0\x00\xc7\x46"sv, Item::DiskId, 16},
    {"\x2d\x5f\xd3\xa8\x0b\xb3\x4d\x45\xab\xf7\xd3\xd8\x48\x34\xab\x0c"sv, Item::Parent, 0},
});

[[noreturn]] void refuseParent()
{
    kRefusal.unsupported("a differencing disk, which needs its parent",
                         "merge it with its parent, or qemu-img convert -O vhdx IMAGE NEW.vhdx");
}

const Known* find(std::span<const std::byte> table, std::size_t at)
{
    for (const Known& known : kKnown)
        if (std::memcmp(table.data() + at, known.guid.data(), known.guid.size()) == 0)
            return &known;
    return nullptr;
}

void assign(VhdxMetadata& metadata, Item item, std::span<const std::byte> value)
{
    switch (item) {
    case Item::FileParameters:
        metadata.blockBytes = text::littleEndian<std::uint32_t>(value, 0);
        if ((text::littleEndian<std::uint32_t>(value, 4) & kHasParent) != 0)
            refuseParent();
        break;
    case Item::DiskSize:
        metadata.virtualBytes = text::littleEndian<std::uint64_t>(value, 0);
        break;
    case Item::SectorSize:
        metadata.sectorBytes = text::littleEndian<std::uint32_t>(value, 0);
        break;
    case Item::Parent:
        refuseParent();
    case Item::PhysicalSectorSize:
    case Item::DiskId:
        break;
    }
}

void readItem(VhdxMetadata& metadata, const ByteSource& file, std::uint64_t region, std::uint64_t regionBytes,
              std::span<const std::byte> entry)
{
    const Known* known = find(entry, 0);
    if (known == nullptr && (text::littleEndian<std::uint32_t>(entry, 24) & kRequired) != 0)
        kRefusal.unsupported("an unknown metadata item is marked as required",
                             "convert it with the tool that created it");
    if (known == nullptr)
        return;
    const auto offset = text::littleEndian<std::uint32_t>(entry, 16);
    const std::vector<std::byte> value = offset > regionBytes || known->length > regionBytes - offset
                                             ? std::vector<std::byte>{}
                                             : file.read(region + offset, known->length);
    if (value.size() < known->length)
        kRefusal.corrupt("the metadata lies outside its region");
    assign(metadata, known->item, value);
}

} // namespace

VhdxMetadata parseVhdxMetadata(const ByteSource& file, std::uint64_t offset, std::uint64_t bytes)
{
    const std::vector<std::byte> table = file.read(offset, std::min<std::uint64_t>(kTableBytes, bytes));
    if (table.size() < kTableBytes || std::memcmp(table.data(), "metadata", 8) != 0)
        kRefusal.corrupt("the region table refers to missing metadata");
    const auto count = text::littleEndian<std::uint16_t>(table, 10);
    if (count > kMostItems)
        kRefusal.corrupt(fmt::format("too many metadata items: {}", count));
    VhdxMetadata metadata;
    for (std::size_t i = 0; i < count; ++i)
        readItem(metadata, file, offset, bytes, std::span(table).subspan(32 + i * 32, 32));
    constexpr std::uint32_t kLeastBlock = 1U << 20U;
    constexpr std::uint32_t kMostBlock = 1U << 28U;
    if (!std::has_single_bit(metadata.blockBytes) || metadata.blockBytes < kLeastBlock ||
        metadata.blockBytes > kMostBlock)
        kRefusal.corrupt(fmt::format("invalid block size: {} bytes", metadata.blockBytes));
    if (metadata.sectorBytes != 512)
        kRefusal.unsupported(fmt::format("unsupported sector size: {} bytes", metadata.sectorBytes),
                             "convert it to raw elsewhere; bm supports 512-byte sectors only");
    if (metadata.virtualBytes % metadata.sectorBytes != 0)
        kRefusal.corrupt(fmt::format("{} bytes are not a whole number of sectors", metadata.virtualBytes));
    return metadata;
}

} // namespace bm::images
