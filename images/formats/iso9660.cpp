#include "images/formats/iso9660.h"

#include "common/model/error.h"
#include "common/text/bytes.h"
#include "images/base/magic.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;
using namespace std::string_view_literals;

constexpr std::uint64_t kSector = 2048;
constexpr std::uint64_t kFirstDescriptor = 16;
constexpr std::uint64_t kMostDescriptors = 32;
constexpr std::uint64_t kMostDirectoryBytes = std::uint64_t{4} << 20U;
constexpr std::size_t kRecordBytes = 33; // without the name
constexpr std::size_t kMostDepth = 16;

std::string textAt(std::span<const std::byte> bytes, std::size_t offset, std::size_t count)
{
    std::string text;
    for (const std::byte byte : bytes.subspan(offset, count)) {
        const char c = static_cast<char>(byte);
        text += c >= ' ' && c <= '~' ? c : ' ';
    }
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

bool sameName(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) {
        return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
    });
}

/// "VMLINUZ.;1" is "VMLINUZ".
std::string plainName(std::string name)
{
    name.erase(std::min(name.find(';'), name.size()));
    if (name.ends_with('.'))
        name.pop_back();
    return name;
}

/// Rock Ridge's NM entries in a record's system use area (SUSP 5, RRIP 4.1.4); "" without one.
std::string alternateName(std::span<const std::byte> area)
{
    constexpr std::size_t kHead = 5;
    constexpr unsigned kSelfOrParent = 0x06;
    std::string name;
    while (area.size() >= 4) {
        const auto length = std::to_integer<std::size_t>(area[2]);
        if (length < 4 || length > area.size())
            break;
        if (hasAt(area, 0, "NM"sv) && length >= kHead) {
            if ((std::to_integer<unsigned>(area[4]) & kSelfOrParent) != 0)
                return {};
            for (const std::byte byte : area.subspan(kHead, length - kHead))
                name += static_cast<char>(byte);
        }
        area = area.subspan(length);
    }
    return name;
}

ByteRange extentOf(std::span<const std::byte> record)
{
    return {text::littleEndian<std::uint32_t>(record, 2) * kSector,
            text::littleEndian<std::uint32_t>(record, 10)};
}

} // namespace

bool looksLikeIso(std::span<const std::byte> head) noexcept
{
    return hasAt(head, kFirstDescriptor * kSector + 1, "CD001"sv);
}

Iso9660::Iso9660(const ByteSource& source) : source_(source)
{
    constexpr auto kPrimary = std::byte{1};
    constexpr auto kEnd = std::byte{255};
    for (std::uint64_t i = 0; i < kMostDescriptors && root_.bytes == 0; ++i) {
        const std::vector<std::byte> read = source.read((kFirstDescriptor + i) * kSector, kSector);
        const std::span<const std::byte> found(read);
        if (found.size() < kSector || !hasAt(found, 1, "CD001"sv) || found[0] == kEnd)
            break;
        if (found[0] != kPrimary)
            continue;
        if (text::littleEndian<std::uint16_t>(found, 128) != kSector)
            throw Error(ErrorCode::ImageUnsupported,
                        "the blocks of this ISO 9660 image are not 2048 bytes long",
                        "create it again with xorriso or genisoimage");
        volume_ = textAt(found, 40, 32);
        sizeBytes_ = text::littleEndian<std::uint32_t>(found, 80) * kSector;
        root_ = extentOf(found.subspan(156));
    }
    if (root_.bytes == 0)
        throw Error(ErrorCode::ImageUnsupported, "this ISO 9660 image has no volume descriptor",
                    "check that it is an ISO image: file IMAGE");
    if (sizeBytes_ > source.sizeBytes())
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("the ISO image is truncated: it has {} bytes, but its volume has {}",
                                source.sizeBytes(), sizeBytes_),
                    "fetch it again and compare its checksum");
    check(root_, "the root folder");
}

void Iso9660::check(const ByteRange& extent, std::string_view what) const
{
    if (extent.offset > source_.sizeBytes() || extent.bytes > source_.sizeBytes() - extent.offset)
        throw Error(ErrorCode::ImageCorrupt,
                    fmt::format("the ISO image is damaged: {} reaches past its end", what),
                    "fetch it again and compare its checksum");
}

std::optional<Iso9660::Entry> Iso9660::entryAt(std::span<const std::byte> record)
{
    constexpr unsigned kDirectory = 0x02;
    constexpr unsigned kMultiExtent = 0x80;
    if (record.size() < kRecordBytes)
        return std::nullopt;
    const auto nameBytes = std::to_integer<std::size_t>(record[32]);
    if (nameBytes == 0 || kRecordBytes + nameBytes > record.size())
        return std::nullopt;
    const auto flags = std::to_integer<unsigned>(record[25]);
    const std::size_t padded = nameBytes + (nameBytes % 2 == 0 ? 1U : 0U);
    Entry entry;
    entry.extent = extentOf(record);
    entry.directory = (flags & kDirectory) != 0;
    entry.more = (flags & kMultiExtent) != 0;
    if (kRecordBytes + padded <= record.size())
        entry.name = alternateName(record.subspan(kRecordBytes + padded));
    if (entry.name.empty())
        entry.name = plainName(textAt(record, kRecordBytes, nameBytes));
    return entry;
}

std::vector<Iso9660::Entry> Iso9660::entries(const ByteRange& directory) const
{
    check(directory, "a folder");
    if (directory.bytes > kMostDirectoryBytes)
        throw Error(ErrorCode::ImageCorrupt, "the ISO image contains a folder larger than 4 MiB",
                    "create it again with xorriso or genisoimage");
    const std::vector<std::byte> read =
        source_.read(directory.offset, static_cast<std::size_t>(directory.bytes));
    const std::span<const std::byte> bytes(read);
    std::vector<Entry> found;
    for (std::size_t at = 0; at < bytes.size();) {
        const auto length = std::to_integer<std::size_t>(bytes[at]);
        if (length == 0) { // a record does not cross a sector boundary
            at = (at / kSector + 1) * kSector;
            continue;
        }
        if (const auto entry = entryAt(bytes.subspan(at, std::min(length, bytes.size() - at))))
            found.push_back(*entry);
        at += length;
    }
    return found;
}

std::optional<ByteRange> Iso9660::find(std::string_view path) const
{
    ByteRange folder = root_;
    for (std::size_t depth = 0; depth < kMostDepth; ++depth) {
        path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
        const std::size_t slash = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, slash);
        const bool last = slash == path.size();
        const std::vector<Entry> all = entries(folder);
        const auto entry = std::ranges::find_if(
            all, [&](const Entry& e) { return e.directory != last && !e.more && sameName(e.name, name); });
        if (name.empty() || entry == all.end())
            return std::nullopt;
        if (last) {
            check(entry->extent, name);
            return entry->extent;
        }
        folder = entry->extent;
        path.remove_prefix(slash);
    }
    return std::nullopt;
}

std::optional<std::string> Iso9660::text(std::string_view path, std::size_t limitBytes) const
{
    const std::optional<ByteRange> found = find(path);
    if (!found || found->bytes > limitBytes)
        return std::nullopt;
    std::string text;
    for (const std::byte byte : source_.read(found->offset, static_cast<std::size_t>(found->bytes)))
        text += static_cast<char>(byte);
    return text;
}

} // namespace bm::images
