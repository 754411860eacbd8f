#include "agent/disk/gpt.h"

#include "agent/base/aligned_buffer.h"
#include "agent/disk/mbr.h"
#include "agent/disk/partition_types.h"
#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/text/bytes.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::string_view kSignature = "EFI PART";
constexpr std::uint32_t kRevision = 0x00010000;
constexpr std::uint32_t kGptHeaderBytes = 92;
constexpr std::uint64_t kPartitionAlignBytes = std::uint64_t{1} << 20U;
constexpr std::uint32_t kLongestTable = 1U << 20U; ///< limit of the entries in bytes; usually 16 KiB
constexpr std::size_t kTypeAt = 0;
constexpr std::size_t kGuidAt = 16;
constexpr std::size_t kFirstAt = 32;
constexpr std::size_t kLastAt = 40;
constexpr std::size_t kNameAt = 56;
constexpr std::size_t kNameChars = 36;

[[noreturn]] void broken(const std::string& why)
{
    throw Error(ErrorCode::ImageCorrupt, "the image's GUID partition table is broken: " + why,
                "check the image with sgdisk --verify before adding it");
}

unsigned nibble(char c)
{
    return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
}

/// Mixed endian, the order of GUIDs on a disk.
std::array<std::byte, 16> guidBytes(std::string_view text)
{
    constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    std::array<std::byte, 16> plain{};
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < text.size() && at < plain.size(); i += 2) {
        if (text[i] == '-')
            ++i;
        plain[at++] = static_cast<std::byte>(nibble(text[i]) * 16 + nibble(text[i + 1]));
    }
    std::array<std::byte, 16> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = plain[kOrder[i]];
    return out;
}

AlignedBuffer readSectors(const BlockDevice& device, std::uint64_t first, std::uint64_t count)
{
    AlignedBuffer buffer(count * device.sectorBytes());
    device.read(first * device.sectorBytes(), buffer.first(count * device.sectorBytes()));
    return buffer;
}

/// The protective entry (type EEh) spans the whole disk: UEFI 2.10, 5.2.3.
void protectWholeDisk(BlockDevice& device)
{
    const AlignedBuffer sector = readSectors(device, 0, 1);
    const std::span<std::byte> bytes = sector.first(device.sectorBytes());
    const std::uint64_t count = device.sizeBytes() / device.sectorBytes() - 1;
    for (std::size_t at = 446; at < 510; at += 16)
        if (bytes[at + 4] == std::byte{0xee} && text::littleEndian<std::uint32_t>(bytes, at + 8) == 1)
            text::storeLittleEndian(bytes, at + 12,
                                    static_cast<std::uint32_t>(std::min<std::uint64_t>(count, 0xffffffffU)));
    writeTableSectors(device, 0, bytes);
}

bool signedAt(std::span<const std::byte> bytes, std::size_t offset)
{
    return bytes.size() >= offset + kSignature.size() &&
           std::memcmp(bytes.data() + offset, kSignature.data(), kSignature.size()) == 0;
}

} // namespace

// The image's own read-back is over by then.
void writeTableSectors(BlockDevice& device, std::uint64_t first, std::span<const std::byte> bytes)
{
    const std::uint64_t sector = device.sectorBytes();
    const std::size_t length = (bytes.size() + sector - 1) / sector * sector;
    const AlignedBuffer buffer(length);
    std::ranges::fill(buffer.bytes(), std::byte{0});
    std::ranges::copy(bytes, buffer.bytes().begin());
    device.write(first * sector, buffer.first(length));
    const AlignedBuffer again = readSectors(device, first, length / sector);
    if (std::memcmp(again.bytes().data(), buffer.bytes().data(), length) != 0)
        throw Error(ErrorCode::DiskFailed,
                    fmt::format("{} returned another partition table than was written, at sector {}",
                                device.path().string(), first),
                    "replace the disk");
}

std::uint32_t crc32(std::span<const std::byte> bytes)
{
    std::uint32_t crc = 0xffffffffU;
    for (const std::byte byte : bytes) {
        crc ^= static_cast<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    }
    return ~crc;
}

TableFound findTable(std::span<const std::byte> firstMiB)
{
    for (const std::uint32_t sector : {512U, 4096U})
        if (signedAt(firstMiB, sector))
            return {TableKind::Gpt, sector};
    if (const std::optional<Mbr> table = Mbr::parse(firstMiB); table && !table->partitions().empty())
        return {TableKind::Mbr, 0};
    return {};
}

std::vector<Extent> partitionsOf(const BlockDevice& device)
{
    if (device.sizeBytes() < kPartitionAlignBytes)
        return {};
    try {
        if (const std::optional<Gpt> table = Gpt::read(device))
            return table->partitions();
    } catch (const Error&) {
        return {}; // a broken table yields no entries
    }
    const std::optional<Mbr> table = Mbr::parse(readSectors(device, 0, 1).bytes());
    return table ? table->partitions() : std::vector<Extent>{};
}

/// @param sector  the whole sector of the header
std::optional<Gpt> Gpt::parseHeader(std::span<const std::byte> sector)
{
    if (!signedAt(sector, 0))
        return std::nullopt;
    std::vector<std::byte> head(sector.begin(), sector.end());
    const auto headerBytes = text::littleEndian<std::uint32_t>(head, 12);
    const auto expected = text::littleEndian<std::uint32_t>(head, 16);
    if (headerBytes < kGptHeaderBytes || headerBytes > head.size())
        broken(fmt::format("a header of {} bytes", headerBytes));
    text::storeLittleEndian(head, 16, std::uint32_t{0});
    if (crc32(std::span(head).first(headerBytes)) != expected)
        broken("its header's checksum does not match");
    Gpt table;
    table.sectorBytes_ = sector.size();
    table.backup_ = table.oldBackup_ = text::littleEndian<std::uint64_t>(head, 32);
    table.firstUsable_ = text::littleEndian<std::uint64_t>(head, 40);
    table.lastUsable_ = text::littleEndian<std::uint64_t>(head, 48);
    std::copy_n(head.begin() + 56, 16, table.diskGuid_.begin());
    table.primaryEntries_ = text::littleEndian<std::uint64_t>(head, 72);
    table.entryCount_ = text::littleEndian<std::uint32_t>(head, 80);
    table.entryBytes_ = text::littleEndian<std::uint32_t>(head, 84);
    table.entriesCrc_ = text::littleEndian<std::uint32_t>(head, 88);
    const std::uint64_t tableBytes = std::uint64_t{table.entryCount_} * table.entryBytes_;
    if (table.entryBytes_ < 128 || tableBytes == 0 || tableBytes > kLongestTable || table.primaryEntries_ < 2)
        broken(fmt::format("{} entries of {} bytes at sector {}", table.entryCount_, table.entryBytes_,
                           table.primaryEntries_));
    return table;
}

void Gpt::takeEntries(std::span<const std::byte> bytes)
{
    const std::span<const std::byte> entries = bytes.first(std::size_t{entryCount_} * entryBytes_);
    if (crc32(entries) != entriesCrc_)
        broken("its entries' checksum does not match");
    entries_.assign(entries.begin(), entries.end());
}

std::optional<Gpt> Gpt::read(const BlockDevice& device)
{
    const std::uint64_t sectors = device.sizeBytes() / device.sectorBytes();
    if (sectors < 8)
        return std::nullopt;
    const AlignedBuffer head = readSectors(device, 1, 1);
    std::optional<Gpt> table = parseHeader(head.first(device.sectorBytes()));
    if (!table)
        return std::nullopt;
    if (table->primaryEntries_ >= sectors || table->entrySectors() > sectors - table->primaryEntries_)
        broken(fmt::format("its entries lie at sector {}, beyond the disk", table->primaryEntries_));
    table->takeEntries(readSectors(device, table->primaryEntries_, table->entrySectors()).bytes());
    return table;
}

std::optional<Gpt> Gpt::parse(std::span<const std::byte> begin, std::uint32_t sectorBytes)
{
    if (begin.size() < 2 * std::size_t{sectorBytes})
        return std::nullopt;
    std::optional<Gpt> table = parseHeader(begin.subspan(sectorBytes, sectorBytes));
    const std::uint64_t sectors = begin.size() / sectorBytes;
    if (!table || table->primaryEntries_ >= sectors ||
        table->entrySectors() > sectors - table->primaryEntries_)
        return std::nullopt;
    table->takeEntries(begin.subspan(table->primaryEntries_ * sectorBytes));
    return table;
}

std::uint64_t Gpt::entrySectors() const
{
    return (std::uint64_t{entryCount_} * entryBytes_ + sectorBytes_ - 1) / sectorBytes_;
}

std::uint64_t Gpt::field(std::size_t entry, std::size_t offset) const
{
    return text::littleEndian<std::uint64_t>(entries_, entry * entryBytes_ + offset);
}

void Gpt::setField(std::size_t entry, std::size_t offset, std::uint64_t value)
{
    text::storeLittleEndian(entries_, entry * entryBytes_ + offset, value);
}

bool Gpt::used(std::size_t entry) const
{
    return field(entry, kTypeAt) != 0 || field(entry, kTypeAt + 8) != 0;
}

std::optional<std::size_t> Gpt::lastEntry() const
{
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < entryCount_; ++i)
        if (used(i) && (!found || field(i, kLastAt) > field(*found, kLastAt)))
            found = i;
    return found;
}

std::vector<Extent> Gpt::partitions() const
{
    std::vector<Extent> out;
    for (std::size_t i = 0; i < entryCount_; ++i)
        if (used(i))
            out.push_back({field(i, kFirstAt), field(i, kLastAt)});
    return out;
}

/// Mixed endian: the first three numbers of a GUID are little-endian.
std::string Gpt::guidAt(std::size_t entry, std::size_t offset) const
{
    const std::size_t at = entry * entryBytes_ + offset;
    std::string out = fmt::format("{:08x}-{:04x}-{:04x}-", text::littleEndian<std::uint32_t>(entries_, at),
                                  text::littleEndian<std::uint16_t>(entries_, at + 4),
                                  text::littleEndian<std::uint16_t>(entries_, at + 6));
    for (std::size_t i = 8; i < 16; ++i)
        out += fmt::format("{}{:02x}", i == 10 ? "-" : "", std::to_integer<unsigned>(entries_[at + i]));
    return out;
}

std::vector<Gpt::Entry> Gpt::entries() const
{
    std::vector<Entry> out;
    for (std::size_t i = 0; i < entryCount_; ++i)
        if (used(i))
            out.push_back(entryAt(i));
    return out;
}

Gpt::Entry Gpt::entryAt(std::size_t entry) const
{
    return {static_cast<unsigned>(entry + 1),
            guidAt(entry, kTypeAt),
            guidAt(entry, kGuidAt),
            nameAt(entry),
            {field(entry, kFirstAt), field(entry, kLastAt)}};
}

std::optional<Gpt::Entry> Gpt::last() const
{
    const std::optional<std::size_t> entry = lastEntry();
    return entry ? std::optional(entryAt(*entry)) : std::nullopt;
}

std::string Gpt::nameAt(std::size_t entry) const
{
    std::string text;
    for (std::size_t c = 0; c < kNameChars; ++c)
        if (const auto unit =
                text::littleEndian<std::uint16_t>(entries_, entry * entryBytes_ + kNameAt + 2 * c);
            unit != 0)
            text += unit < 128 ? static_cast<char>(unit) : '?';
    return text;
}

std::optional<std::size_t> Gpt::entryCalled(std::string_view name) const
{
    for (std::size_t i = 0; i < entryCount_; ++i)
        if (used(i) && nameAt(i) == name)
            return i;
    return std::nullopt;
}

std::optional<Extent> Gpt::find(std::string_view name) const
{
    const std::optional<std::size_t> entry = entryCalled(name);
    if (!entry)
        return std::nullopt;
    return Extent{field(*entry, kFirstAt), field(*entry, kLastAt)};
}

bool Gpt::remove(std::string_view name)
{
    const std::optional<std::size_t> entry = entryCalled(name);
    if (entry)
        std::ranges::fill(std::span(entries_).subspan(*entry * entryBytes_, entryBytes_), std::byte{0});
    return entry.has_value();
}

void Gpt::moveToEnd(const BlockDevice& device)
{
    moveToEnd(device.path().string(), device.sizeBytes());
}

void Gpt::moveToEnd(const std::string& name, std::uint64_t sizeBytes)
{
    const std::uint64_t sectors = sizeBytes / sectorBytes_;
    if (sectors < primaryEntries_ + 2 * entrySectors() + 2)
        throw Error(ErrorCode::DiskTooSmall, fmt::format("{} has no space for two partition tables", name));
    backup_ = sectors - 1;
    lastUsable_ = backup_ - entrySectors() - 1;
    if (const std::optional<std::size_t> last = lastEntry(); last && field(*last, kLastAt) > lastUsable_)
        throw Error(ErrorCode::DiskTooSmall,
                    fmt::format("the image's last partition ends at sector {}, the disk's last usable is {}",
                                field(*last, kLastAt), lastUsable_),
                    "choose a larger disk or a smaller image");
}

bool Gpt::growLast(std::uint64_t keepSectors)
{
    const std::optional<std::size_t> last = lastEntry();
    const std::uint64_t align = kPartitionAlignBytes / sectorBytes_;
    if (!last || lastUsable_ + 1 < keepSectors + align ||
        !partitionUse(guidAt(*last, kTypeAt), nameAt(*last)).growable)
        return false;
    const std::uint64_t end = (lastUsable_ + 1 - keepSectors) / align * align;
    if (end <= field(*last, kLastAt) + 1)
        return false;
    setField(*last, kLastAt, end - 1);
    return true;
}

Extent Gpt::addAtEnd(std::uint64_t sectors, std::string_view name)
{
    const std::uint64_t align = kPartitionAlignBytes / sectorBytes_;
    const std::optional<std::size_t> last = lastEntry();
    const std::uint64_t floor = last ? field(*last, kLastAt) + 1 : firstUsable_;
    if (lastUsable_ + 1 < sectors || (lastUsable_ + 1 - sectors) / align * align < floor)
        throw Error(ErrorCode::ConfigDriveFailed,
                    fmt::format("no space for the config drive: it needs {} MiB after the last partition",
                                sectors * sectorBytes_ / kPartitionAlignBytes),
                    "use a disk that is larger than the image, or leave the last partition shorter");
    std::size_t entry = 0;
    while (entry < entryCount_ && used(entry))
        ++entry;
    if (entry == entryCount_)
        throw Error(ErrorCode::ConfigDriveFailed,
                    "no space for the config drive: the partition table has no free entry");
    const std::uint64_t first = (lastUsable_ + 1 - sectors) / align * align;
    const std::span<std::byte> bytes = std::span(entries_).subspan(entry * entryBytes_, entryBytes_);
    std::ranges::fill(bytes, std::byte{0});
    std::ranges::copy(guidBytes(kLinuxType), bytes.begin() + kTypeAt);
    std::ranges::copy(guidBytes(model::makeUuid()), bytes.begin() + kGuidAt);
    setField(entry, kFirstAt, first);
    setField(entry, kLastAt, first + sectors - 1);
    for (std::size_t i = 0; i < std::min(name.size(), kNameChars); ++i)
        text::storeLittleEndian(bytes, kNameAt + 2 * i, static_cast<std::uint16_t>(name[i]));
    return {first, first + sectors - 1};
}

std::vector<std::byte> Gpt::header(bool backup) const
{
    std::vector<std::byte> out(sectorBytes_);
    std::ranges::copy(std::as_bytes(std::span(kSignature)), out.begin());
    text::storeLittleEndian(out, 8, kRevision);
    text::storeLittleEndian(out, 12, kGptHeaderBytes);
    text::storeLittleEndian(out, 24, backup ? backup_ : std::uint64_t{1});
    text::storeLittleEndian(out, 32, backup ? std::uint64_t{1} : backup_);
    text::storeLittleEndian(out, 40, firstUsable_);
    text::storeLittleEndian(out, 48, lastUsable_);
    std::ranges::copy(diskGuid_, out.begin() + 56);
    text::storeLittleEndian(out, 72, backup ? backup_ - entrySectors() : primaryEntries_);
    text::storeLittleEndian(out, 80, entryCount_);
    text::storeLittleEndian(out, 84, entryBytes_);
    text::storeLittleEndian(out, 88, crc32(entries_));
    text::storeLittleEndian(out, 16, crc32(std::span(out).first(kGptHeaderBytes)));
    return out;
}

std::vector<Gpt::Piece> Gpt::pieces() const
{
    return {{1, header(false)},
            {primaryEntries_, entries_},
            {backup_ - entrySectors(), entries_},
            {backup_, header(true)}};
}

void Gpt::write(BlockDevice& device)
{
    const bool moved = oldBackup_ > 1 && oldBackup_ < backup_ - entrySectors();
    if (moved && signedAt(readSectors(device, oldBackup_, 1).bytes(), 0))
        writeTableSectors(device, oldBackup_, std::vector<std::byte>(sectorBytes_));
    writeTableSectors(device, backup_ - entrySectors(), entries_);
    writeTableSectors(device, backup_, header(true));
    device.flush();
    writeTableSectors(device, primaryEntries_, entries_);
    writeTableSectors(device, 1, header(false));
    protectWholeDisk(device);
    device.flush();
    oldBackup_ = backup_;
}

} // namespace bm::agent
