#include "agent/drive/fat_image.h"

#include "common/model/error.h"
#include "common/text/bytes.h"
#include "common/text/lower_case.h"
#include "common/text/utf8.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kFatEntryBytes = 32;
constexpr std::size_t kUnitsPerEntry = 13; ///< UTF-16 units of a long name in one entry
constexpr std::size_t kLongestUnits = 255;
constexpr std::size_t kFat12Clusters = 4085;  ///< from here on it is FAT16
constexpr std::size_t kFat16Clusters = 65525; ///< from here on it is FAT32
constexpr std::size_t kFatAlignBytes = std::size_t{1} << 20U;
constexpr std::size_t kMostEntries = 65408; ///< of a folder; sixteen bits count them
constexpr std::string_view kFatLabel = "config-2   ";
constexpr std::uint8_t kVolumeLabel = 0x08;
constexpr std::uint8_t kFolder = 0x10;
constexpr std::uint8_t kArchive = 0x20;
constexpr std::uint8_t kLongName = 0x0f;
constexpr std::uint16_t kFirstDay = 0x0021; ///< 1980-01-01

[[noreturn]] void noFat(const std::string& why)
{
    throw Error(ErrorCode::ConfigDriveFailed, "the config drive as a FAT file system: " + why,
                "this disk's sectors take no ISO 9660: use other names, or fewer files");
}

template <class T> void store(std::string& bytes, std::size_t at, T value)
{
    text::storeLittleEndian(std::as_writable_bytes(std::span(bytes)), at, value);
}

/// A file or a folder; the root is the first.
struct FatNode {
    std::string name;
    const std::string* content = nullptr; ///< null: a folder
    std::size_t parent = 0;
    std::vector<std::size_t> children{};
    std::size_t firstCluster = 0;
    std::size_t clusters = 0;
};

/// The name as VFAT allows it.
std::string allowed(std::string name)
{
    for (char& c : name)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f ||
            std::string_view("\"*/:<>?\\|").find(c) != std::string_view::npos)
            c = '_';
    if (name.ends_with('.') || name.ends_with(' '))
        name.back() = '_';
    return name;
}

std::u16string utf16(std::string_view name)
{
    std::u16string out;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t length = text::sequenceLength(name, at);
        const char32_t point = length == 0 ? U'_' : text::codePointAt(name, at, length);
        at += std::max<std::size_t>(length, 1);
        if (point >= 0x10000) {
            out += static_cast<char16_t>(0xd800U + ((point - 0x10000U) >> 10U));
            out += static_cast<char16_t>(0xdc00U + ((point - 0x10000U) & 0x3ffU));
        } else {
            out += static_cast<char16_t>(point);
        }
    }
    return out;
}

std::size_t slotsOf(const std::string& name)
{
    return (utf16(name).size() + kUnitsPerEntry - 1) / kUnitsPerEntry + 1;
}

/// The first @p most characters of @p part that a short name may have.
std::string shortPart(std::string_view part, std::size_t most)
{
    std::string out;
    for (const char c : part) {
        const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        const bool fits = (upper >= 'A' && upper <= 'Z') || (upper >= '0' && upper <= '9');
        if (out.size() < most && c != '.' && c != ' ')
            out += fits ? upper : '_';
    }
    return out;
}

/// "META_D~2JSO": unique in a folder by @p number.
std::string shortName(const std::string& name, std::size_t number)
{
    const std::size_t dot = name.rfind('.');
    const std::string tail = fmt::format("~{}", number);
    const std::string extension =
        dot == std::string::npos || dot == 0 ? "" : shortPart(name.substr(dot + 1), 3);
    return fmt::format("{:8}{:3}", shortPart(name.substr(0, dot), 8 - tail.size()) + tail, extension);
}

std::uint8_t checksumOf(std::string_view shortName)
{
    unsigned sum = 0;
    for (const char c : shortName)
        sum = (((sum & 1U) << 7U) + (sum >> 1U) + static_cast<unsigned char>(c)) & 0xffU;
    return static_cast<std::uint8_t>(sum);
}

std::string entryOf(std::string_view shortName, std::uint8_t attributes, std::size_t cluster,
                    std::size_t bytes)
{
    std::string entry(kFatEntryBytes, '\0');
    entry.replace(0, shortName.size(), shortName);
    store(entry, 11, attributes);
    for (const std::size_t dateAt : {16U, 18U, 24U})
        store(entry, dateAt, kFirstDay);
    store(entry, 26, static_cast<std::uint16_t>(cluster));
    store(entry, 28, static_cast<std::uint32_t>(bytes));
    return entry;
}

/// The entries of a long name; the last part comes first.
std::string longEntries(const std::string& name, std::uint8_t checksum)
{
    std::u16string units = utf16(name);
    const std::size_t count = (units.size() + kUnitsPerEntry - 1) / kUnitsPerEntry;
    if (units.size() % kUnitsPerEntry != 0)
        units += u'\0';
    units.resize(count * kUnitsPerEntry, u'\xffff');
    std::string out;
    for (std::size_t part = count; part > 0; --part) {
        std::string entry(kFatEntryBytes, '\0');
        store(entry, 0, static_cast<std::uint8_t>(part | (part == count ? 0x40U : 0U)));
        store(entry, 11, kLongName);
        store(entry, 13, checksum);
        for (std::size_t i = 0; i < kUnitsPerEntry; ++i) {
            const std::size_t at = i < 5 ? 1 + 2 * i : i < 11 ? 14 + 2 * (i - 5) : 28 + 2 * (i - 11);
            store(entry, at, static_cast<std::uint16_t>(units[(part - 1) * kUnitsPerEntry + i]));
        }
        out += entry;
    }
    return out;
}

class FatWriter {
public:
    FatWriter(const DriveFiles& files, std::size_t sectorBytes) : sector_(sectorBytes)
    {
        for (const auto& [path, content] : files)
            add(path, content);
        placeFiles();
        chooseSize();
    }

    std::string image() const
    {
        std::string out(sectors_ * sector_, '\0');
        writeBootSector(out);
        std::string table(fatSectors_ * sector_, '\0');
        setNext(table, 0, 0xfff8);
        setNext(table, 1, 0xffff);
        for (const FatNode& node : nodes_)
            for (std::size_t i = 0; i < node.clusters; ++i)
                setNext(table, node.firstCluster + i,
                        i + 1 == node.clusters ? 0xffff : node.firstCluster + i + 1);
        out.replace(sector_, table.size(), table);
        out.replace(sector_ + table.size(), table.size(), table);
        for (const FatNode& node : nodes_)
            if (node.content != nullptr)
                out.replace(offsetOf(node), node.content->size(), *node.content);
            else
                out.replace(offsetOf(node), bytesOf(node), folder(node));
        return out;
    }

private:
    /// The child of folder @p parent called @p name; creates it.
    std::size_t child(std::size_t parent, const std::string& name, const std::string* content)
    {
        const std::string allowedName = allowed(name);
        const auto [place, isNew] =
            indexes_.try_emplace({parent, model::lowerCase(allowedName)}, nodes_.size());
        if (!isNew) {
            const FatNode& node = nodes_[place->second];
            if (content != nullptr || node.content != nullptr || node.name != allowedName)
                noFat(fmt::format("\"{}\" and \"{}\" are one name there", node.name, allowedName));
            return place->second;
        }
        if (utf16(allowedName).size() > kLongestUnits)
            noFat(fmt::format("the name \"{}...\" is too long", allowedName.substr(0, 40)));
        nodes_.push_back({.name = allowedName, .content = content, .parent = parent});
        nodes_[parent].children.push_back(place->second);
        return place->second;
    }

    void add(const std::string& path, const std::string& content)
    {
        std::size_t folder = 0;
        std::size_t begin = 0;
        for (std::size_t slash = 0; (slash = path.find('/', begin)) != std::string::npos; begin = slash + 1)
            folder = child(folder, path.substr(begin, slash - begin), nullptr);
        child(folder, path.substr(begin), &content);
    }

    std::size_t bytesOf(const FatNode& node) const
    {
        if (node.content != nullptr)
            return node.content->size();
        std::size_t entries = &node == &nodes_.front() ? 1 : 2; // the label; . and ..
        for (const std::size_t index : node.children)
            entries += slotsOf(nodes_[index].name);
        if (entries > kMostEntries)
            noFat("a folder has too many files");
        return entries * kFatEntryBytes;
    }

    void placeFiles()
    {
        std::size_t next = 2;
        for (std::size_t i = 1; i < nodes_.size(); ++i) {
            FatNode& node = nodes_[i];
            node.clusters = (bytesOf(node) + sector_ - 1) / sector_;
            node.firstCluster = node.clusters == 0 ? 0 : next;
            next += node.clusters;
        }
        used_ = next - 2;
        rootSectors_ = (bytesOf(nodes_.front()) + sector_ - 1) / sector_;
    }

    std::size_t clusters() const { return sectors_ - 1 - 2 * fatSectors_ - rootSectors_; }
    bool isFat16() const { return clusters() >= kFat12Clusters; }

    /// The smallest size that holds everything. Programs differ at the border between FAT12 and FAT16, so
    /// sizes near it are avoided.
    void chooseSize()
    {
        constexpr std::size_t kBorder = 16;
        const std::size_t step = kFatAlignBytes / sector_;
        for (sectors_ = step;; sectors_ += step) {
            fatSectors_ = (sectors_ * 2 + sector_ - 1) / sector_; // two bytes a cluster are enough for both
            const std::size_t meta = 1 + 2 * fatSectors_ + rootSectors_;
            if (sectors_ < meta + used_)
                continue;
            if (clusters() >= kFat16Clusters)
                noFat("its content is too large");
            if (clusters() + kBorder < kFat12Clusters || clusters() > kFat12Clusters + kBorder)
                return;
        }
    }

    void writeBootSector(std::string& out) const
    {
        out.replace(0, 11,
                    "\xeb\x3c\x90"
                    "MSWIN4.1");
        store(out, 11, static_cast<std::uint16_t>(sector_));
        store(out, 13, std::uint8_t{1}); // sectors a cluster
        store(out, 14, std::uint16_t{1});
        store(out, 16, std::uint8_t{2}); // tables
        store(out, 17, static_cast<std::uint16_t>(rootSectors_ * sector_ / kFatEntryBytes));
        if (sectors_ < 65536)
            store(out, 19, static_cast<std::uint16_t>(sectors_));
        else
            store(out, 32, static_cast<std::uint32_t>(sectors_));
        store(out, 21, std::uint8_t{0xf8});
        store(out, 22, static_cast<std::uint16_t>(fatSectors_));
        store(out, 24, std::uint16_t{32});
        store(out, 26, std::uint16_t{64});
        store(out, 36, std::uint8_t{0x80});
        store(out, 38, std::uint8_t{0x29});
        store(out, 39, static_cast<std::uint32_t>(used_ * 2654435761U)); // the volume's id
        out.replace(43, kFatLabel.size(), kFatLabel);
        out.replace(54, 8, isFat16() ? "FAT16   " : "FAT12   ");
        store(out, 510, std::uint16_t{0xaa55});
    }

    void setNext(std::string& table, std::size_t cluster, std::size_t next) const
    {
        if (isFat16())
            return store(table, cluster * 2, static_cast<std::uint16_t>(next));
        const std::size_t at = cluster + cluster / 2;
        const auto old = text::littleEndian<std::uint16_t>(std::as_bytes(std::span(table)), at);
        const std::size_t value =
            cluster % 2 == 0 ? (old & 0xf000U) | (next & 0xfffU) : (old & 0xfU) | ((next & 0xfffU) << 4U);
        store(table, at, static_cast<std::uint16_t>(value));
    }

    std::size_t offsetOf(const FatNode& node) const
    {
        const std::size_t root = (1 + 2 * fatSectors_) * sector_;
        return &node == &nodes_.front() ? root : root + (rootSectors_ + node.firstCluster - 2) * sector_;
    }

    std::string folder(const FatNode& node) const
    {
        std::string out;
        if (&node == &nodes_.front()) {
            out = entryOf(kFatLabel, kVolumeLabel, 0, 0);
        } else {
            out = entryOf(".          ", kFolder, node.firstCluster, 0);
            out += entryOf("..         ", kFolder, nodes_[node.parent].firstCluster, 0);
        }
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const FatNode& inside = nodes_[node.children[i]];
            const std::string name = shortName(inside.name, i + 1);
            const bool isFolder = inside.content == nullptr;
            out += longEntries(inside.name, checksumOf(name));
            out += entryOf(name, isFolder ? kFolder : kArchive, inside.firstCluster,
                           isFolder ? 0 : inside.content->size());
        }
        return out;
    }

    std::size_t sector_;
    std::vector<FatNode> nodes_{FatNode{}};
    std::map<std::pair<std::size_t, std::string>, std::size_t>
        indexes_{};        ///< by folder and name in lower case
    std::size_t used_ = 0; ///< clusters
    std::size_t rootSectors_ = 0;
    std::size_t fatSectors_ = 0;
    std::size_t sectors_ = 0;
};

} // namespace

std::string makeFat(const DriveFiles& files, std::uint32_t sectorBytes)
{
    return FatWriter(files, sectorBytes).image();
}

} // namespace bm::agent
