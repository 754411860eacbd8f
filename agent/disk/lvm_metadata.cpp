#include "agent/disk/lvm_metadata.h"

#include "common/text/bytes.h"
#include "common/text/text.h"

#include <algorithm>
#include <optional>
#include <span>

namespace bm::agent {
namespace {

constexpr std::uint64_t kLvmSector = 512;
constexpr std::size_t kMostPlaces = 4096;
constexpr std::size_t kLongestMetadata = std::size_t{4} << 20U;

std::string_view lvmText(std::span<const std::byte> bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t wordAt(std::span<const std::byte> bytes, std::size_t at)
{
    return text::littleEndian<std::uint64_t>(bytes, at);
}

/// A place and a length on the physical volume.
struct Area {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

/// The areas of a list that ends with zeros, from byte @p at on; @p at moves behind it.
std::vector<Area> areasFrom(std::span<const std::byte> label, std::size_t& at)
{
    std::vector<Area> areas;
    for (; at + 16 <= label.size(); at += 16) {
        const Area area{wordAt(label, at), wordAt(label, at + 8)};
        if (area.offset == 0)
            break;
        areas.push_back(area);
    }
    at += 16;
    return areas;
}

struct PhysicalVolume {
    std::string id;
    std::vector<Area> data;
    std::vector<Area> metadata;
};

/// From the label in one of the first four sectors.
std::optional<PhysicalVolume> physicalVolumeFrom(const VolumeReader& read)
{
    for (std::uint64_t sector = 0; sector < 4; ++sector) {
        const std::vector<std::byte> label = read(sector * kLvmSector, kLvmSector);
        if (label.size() != kLvmSector || !lvmText(label).starts_with("LABELONE") ||
            lvmText(label).substr(24, 8) != "LVM2 001")
            continue;
        std::size_t at = text::littleEndian<std::uint32_t>(label, 20);
        if (at + 40 > label.size())
            return std::nullopt;
        PhysicalVolume volume;
        volume.id = lvmText(label).substr(at, 32);
        at += 40;
        volume.data = areasFrom(label, at);
        volume.metadata = areasFrom(label, at);
        return volume;
    }
    return std::nullopt;
}

/// The current text of a metadata area, which is a ring.
std::string metadataIn(const Area& area, const VolumeReader& read)
{
    const std::vector<std::byte> header = read(area.offset, kLvmSector);
    if (header.size() != kLvmSector || lvmText(header).substr(4, 16) != " LVM2 x[5A%r0N*>")
        return {};
    const std::uint64_t begin = wordAt(header, 40);
    const std::uint64_t length = wordAt(header, 48);
    if (begin < kLvmSector || begin >= area.bytes || length > kLongestMetadata || length > area.bytes)
        return {};
    const std::uint64_t first = std::min(length, area.bytes - begin);
    const std::vector<std::byte> head = read(area.offset + begin, first);
    const std::vector<std::byte> rest = read(area.offset + kLvmSector, length - first);
    return std::string(lvmText(head)) + std::string(lvmText(rest));
}

std::uint64_t numberAfter(std::string_view metadata, std::string_view key)
{
    const std::size_t at = metadata.find(key);
    if (at == std::string_view::npos)
        return 0;
    std::string_view rest = metadata.substr(at + key.size());
    return text::takeNumber<std::uint64_t>(rest).value_or(0);
}

/// "pv0" of 'pv0 {\n id = "..."'.
std::string_view nameOfVolume(std::string_view metadata, std::string_view id)
{
    const std::size_t at = metadata.find(id);
    const std::size_t brace = at == std::string_view::npos ? at : metadata.rfind('{', at);
    if (brace == std::string_view::npos)
        return {};
    const std::string_view before = text::trimmed(metadata.substr(0, brace));
    return before.substr(before.find_last_of("\n\t ") + 1);
}

/// The form in the metadata: 6-4-4-4-4-4-6.
std::string dashed(std::string_view id)
{
    std::string out;
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (i >= 6 && i <= 26 && (i - 6) % 4 == 0)
            out += '-';
        out += id[i];
    }
    return out;
}

} // namespace

LvmExtents lvmExtentsOf(std::string_view metadata, std::string_view id)
{
    LvmExtents out{numberAfter(metadata, "extent_size = ") * kLvmSector, {}};
    const std::string name = "\"" + std::string(nameOfVolume(metadata, dashed(id))) + "\"";
    constexpr std::string_view kStripes = "stripes = [";
    std::size_t next = 0;
    for (std::size_t at = metadata.find(kStripes); at != std::string_view::npos;
         at = metadata.find(kStripes, next)) {
        std::string_view list = metadata.substr(at);
        list = list.substr(0, list.find(']'));
        next = at + list.size();
        const std::size_t ours = list.find(name);
        if (ours == std::string_view::npos || name.size() == 2)
            continue;
        std::string_view rest = list.substr(ours + name.size());
        rest.remove_prefix(std::min(rest.find_first_not_of(", \t\n"), rest.size()));
        if (const std::optional<std::uint64_t> extent = text::takeNumber<std::uint64_t>(rest))
            out.first.push_back(*extent);
    }
    return out;
}

std::vector<std::uint64_t> logicalVolumeBegins(const VolumeReader& read)
{
    std::vector<std::uint64_t> places;
    const std::optional<PhysicalVolume> volume = physicalVolumeFrom(read);
    if (!volume || volume->data.empty())
        return places;
    const std::uint64_t data = volume->data.front().offset;
    places.push_back(data);
    for (const Area& area : volume->metadata) {
        const LvmExtents extents = lvmExtentsOf(metadataIn(area, read), volume->id);
        for (const std::uint64_t extent : extents.first)
            if (places.size() < kMostPlaces && extents.extentBytes != 0 &&
                extent < INT64_MAX / extents.extentBytes)
                places.push_back(data + extent * extents.extentBytes);
    }
    std::ranges::sort(places);
    places.erase(std::unique(places.begin(), places.end()), places.end());
    return places;
}

} // namespace bm::agent
