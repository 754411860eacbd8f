#include "agent/capture/pax_header.h"

#include <cstring>
#include <fmt/format.h>
#include <numeric>
#include <span>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace bm::agent {
namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestName = 100;
constexpr std::uint64_t kLargestSize = 077777777777; ///< the largest number of eleven octal digits
constexpr std::uint64_t kLargestId = 07777777;

/// "LENGTH name=value\n", where LENGTH includes its own digits.
std::string record(std::string_view name, std::string_view value)
{
    const std::size_t rest = name.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (std::to_string(length).size() + rest != length)
        length = std::to_string(length).size() + rest;
    return fmt::format("{} {}={}\n", length, name, value);
}

std::string padded(std::string bytes)
{
    bytes.resize(bytes.size() + paddingAfter(bytes.size()), '\0');
    return bytes;
}

/// Fills a ustar header block field by field.
class Ustar {
public:
    void text(std::size_t offset, std::size_t length, std::string_view value)
    {
        block_.replace(offset, std::min(length, value.size()), value.substr(0, length));
    }
    void octal(std::size_t offset, std::size_t length, std::uint64_t value, std::uint64_t most)
    {
        text(offset, length, fmt::format("{:0{}o}", value > most ? 0 : value, length - 1));
    }
    std::string finish()
    {
        text(257, 8, std::string_view("ustar\00000", 8));
        text(148, 8, "        ");
        const unsigned sum = std::accumulate(block_.begin(), block_.end(), 0U, [](unsigned total, char c) {
            return total + static_cast<unsigned char>(c);
        });
        text(148, 8, fmt::format("{:06o}", sum));
        block_[154] = '\0';
        return block_;
    }

private:
    std::string block_ = std::string(kBlock, '\0');
};

char typeOf(const PaxEntry& entry)
{
    if (entry.hardLink)
        return '1';
    switch (entry.mode & S_IFMT) {
    case S_IFLNK:
        return '2';
    case S_IFCHR:
        return '3';
    case S_IFBLK:
        return '4';
    case S_IFDIR:
        return '5';
    case S_IFIFO:
        return '6';
    default:
        return '0';
    }
}

bool isFile(const PaxEntry& entry)
{
    return !entry.hardLink && S_ISREG(entry.mode);
}

/// The map of GNU's sparse format 1.0, which precedes the data.
std::string sparseMap(const PaxEntry& entry)
{
    if (!isFile(entry) || !entry.sparse)
        return "";
    std::vector<ContentRange> ranges = entry.content;
    if (ranges.empty() || ranges.back().end < entry.size)
        ranges.push_back({entry.size, entry.size});
    std::string map = fmt::format("{}\n", ranges.size());
    for (const ContentRange& range : ranges)
        map += fmt::format("{}\n{}\n", range.begin, range.end - range.begin);
    return padded(std::move(map));
}

std::string recordsOf(const PaxEntry& entry, std::uint64_t size)
{
    std::string out;
    const bool sparse = isFile(entry) && entry.sparse;
    if (sparse)
        out += record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") +
               record("GNU.sparse.name", entry.path) +
               record("GNU.sparse.realsize", std::to_string(entry.size));
    else if (entry.path.size() > kLongestName)
        out += record("path", entry.path);
    if (entry.link.size() > kLongestName)
        out += record("linkpath", entry.link);
    if (size > kLargestSize)
        out += record("size", std::to_string(size));
    if (entry.uid > kLargestId)
        out += record("uid", std::to_string(entry.uid));
    if (entry.gid > kLargestId)
        out += record("gid", std::to_string(entry.gid));
    const bool plain = entry.seconds >= 0 && static_cast<std::uint64_t>(entry.seconds) <= kLargestSize;
    if (entry.nanoseconds != 0 && entry.seconds >= 0)
        out += record("mtime", fmt::format("{}.{:09}", entry.seconds, entry.nanoseconds));
    else if (!plain)
        out += record("mtime", std::to_string(entry.seconds)); // times before 1970 lose their fraction
    for (const auto& [name, value] : entry.attributes)
        out += record("SCHILY.xattr." + name, value);
    return out;
}

std::string extendedHeader(const std::string& records)
{
    if (records.empty())
        return "";
    Ustar header;
    header.text(0, kLongestName, "PaxHeaders/entry");
    header.octal(100, 8, 0600, kLargestId);
    header.octal(108, 8, 0, kLargestId);
    header.octal(116, 8, 0, kLargestId);
    header.octal(124, 12, records.size(), kLargestSize);
    header.octal(136, 12, 0, kLargestSize);
    header.text(156, 1, "x");
    return header.finish() + padded(records);
}

} // namespace

std::size_t paddingAfter(std::uint64_t bytes) noexcept
{
    return static_cast<std::size_t>((kBlock - bytes % kBlock) % kBlock);
}

std::uint64_t contentBytes(const PaxEntry& entry) noexcept
{
    std::uint64_t total = 0;
    if (isFile(entry))
        for (const ContentRange& range : entry.content)
            total += range.end - range.begin;
    return total;
}

std::string paxHeader(const PaxEntry& entry)
{
    const std::string map = sparseMap(entry);
    const std::uint64_t size = map.size() + contentBytes(entry);
    Ustar header;
    header.text(0, kLongestName, map.empty() ? entry.path : "GNUSparseFile.0/entry");
    header.octal(100, 8, entry.mode & 07777U, kLargestId);
    header.octal(108, 8, entry.uid, kLargestId);
    header.octal(116, 8, entry.gid, kLargestId);
    header.octal(124, 12, size, kLargestSize);
    header.octal(136, 12, entry.seconds < 0 ? 0 : static_cast<std::uint64_t>(entry.seconds), kLargestSize);
    const char type = typeOf(entry);
    header.text(156, 1, std::string_view(&type, 1));
    header.text(157, kLongestName, entry.link);
    if (type == '3' || type == '4') {
        header.octal(329, 8, major(entry.device), kLargestId);
        header.octal(337, 8, minor(entry.device), kLargestId);
    }
    return extendedHeader(recordsOf(entry, size)) + header.finish() + map;
}

} // namespace bm::agent
