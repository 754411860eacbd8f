#include "agent/disk/file_systems.h"

#include "agent/base/aligned_buffer.h"
#include "agent/disk/blkid.h"
#include "agent/disk/loop_device.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/text/bytes.h"
#include "common/text/text.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kHeadBytes = std::size_t{72} * 1024; ///< btrfs keeps its superblock at 64 KiB
constexpr std::size_t kExtAt = 1024;
constexpr std::size_t kBtrfsAt = 65536;
constexpr std::size_t kSwapSignatureAt = 4096 - 10;
constexpr std::uint64_t kSwapHeadBytes = 65536;
constexpr std::size_t kLongestMap = std::size_t{256} << 20U;
constexpr std::uint32_t kExtNeedsRecovery = 0x0004; ///< s_feature_incompat

bool textAt(std::span<const std::byte> head, std::size_t at, std::string_view text)
{
    return head.size() >= at + text.size() && std::memcmp(head.data() + at, text.data(), text.size()) == 0;
}

/// The first bytes of @p part; fewer when it is shorter.
std::vector<std::byte> headOf(const BlockDevice& device, const ByteRange& part)
{
    const std::uint64_t sector = device.sectorBytes();
    const std::uint64_t length = std::min<std::uint64_t>(part.end - part.begin, kHeadBytes) / sector * sector;
    if (length == 0)
        return {};
    const AlignedBuffer buffer(length);
    device.read(part.begin, buffer.first(length));
    return {buffer.bytes().begin(), buffer.bytes().begin() + static_cast<std::ptrdiff_t>(length)};
}

FileSystem kindOf(std::span<const std::byte> head)
{
    if (head.size() >= kExtAt + 1024 && text::littleEndian<std::uint16_t>(head, kExtAt + 56) == 0xef53)
        return FileSystem::Ext;
    if (textAt(head, 0, "XFSB"))
        return FileSystem::Xfs;
    if (textAt(head, kBtrfsAt + 64, "_BHRfS_M"))
        return FileSystem::Btrfs;
    if (textAt(head, 3, "NTFS    "))
        return FileSystem::Ntfs;
    if (textAt(head, 54, "FAT1") || textAt(head, 82, "FAT32   "))
        return FileSystem::Fat;
    if (textAt(head, kSwapSignatureAt, "SWAPSPACE2"))
        return FileSystem::Swap;
    return FileSystem::None;
}

std::string_view programOf(FileSystem kind)
{
    switch (kind) {
    case FileSystem::Ext:
        return "partclone.ext4";
    case FileSystem::Xfs:
        return "partclone.xfs";
    case FileSystem::Btrfs:
        return "partclone.btrfs";
    case FileSystem::Fat:
        return "partclone.vfat";
    case FileSystem::Ntfs:
        return "partclone.ntfs";
    case FileSystem::Swap:
    case FileSystem::None:
        break;
    }
    return "";
}

/// The reason why the maps on the disk may be older than the journal; "" when they are current.
std::string unclean(FileSystem kind, std::span<const std::byte> head, const std::string& partition,
                    platform::Exec& exec, const model::Deadline& deadline)
{
    if (kind == FileSystem::Ext &&
        (text::littleEndian<std::uint32_t>(head, kExtAt + 96) & kExtNeedsRecovery) != 0)
        return "its journal was not written back";
    if (kind == FileSystem::Btrfs && text::littleEndian<std::uint64_t>(head, kBtrfsAt + 96) != 0)
        return "its log was not written back";
    if (kind == FileSystem::Xfs) {
        const platform::Exit exit = exec.run({{"xfs_logprint", "-t", partition}}, deadline);
        if (exit.code != 0 || exit.out.find("state: <CLEAN>") == std::string::npos)
            return "its log was not written back";
    }
    return "";
}

std::uint64_t hexNumber(std::string_view word)
{
    const std::optional<std::uint64_t> value =
        word.starts_with("0x") ? text::parseNumber<std::uint64_t>(word.substr(2), 16) : std::nullopt;
    if (!value)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("\"{}\" is not a number of a map", word.substr(0, 40)));
    return *value;
}

FreeSpace distrusted(FileSystem kind, const std::string& name, const std::string& why, AgentLog& log)
{
    log.info(fmt::format("{}: {}: the agent reads all of it", name, why));
    return {kind, name, {}, why};
}

/// "" also without a loop device or blkid.
std::string blkidType(const BlockDevice& device, const ByteRange& part, platform::Exec& exec,
                      const model::Deadline& deadline)
{
    try {
        const LoopDevice loop(device.path(), part.begin, part.end - part.begin, true, device.sectorBytes());
        const std::map<std::string, std::string> tags = blkid(loop.path(), exec, deadline);
        const auto type = tags.find("TYPE");
        return type == tags.end() ? std::string() : type->second;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted)
            throw;
        return {};
    }
}

FreeSpace mapped(FileSystem kind, const ByteRange& part, const std::string& partition, platform::Exec& exec,
                 AgentLog& log, const model::Deadline& deadline)
{
    const platform::TemporaryFolder folder("bm-map");
    const std::string file = (folder.path() / "map").string();
    const platform::Exit exit =
        exec.run({{std::string(programOf(kind)), "-D", "-q", "-s", partition, "-o", file, "-L", "/dev/null"}},
                 deadline);
    if (exit.code != 0)
        return distrusted(kind, std::string(toText(kind)),
                          fmt::format("{} ended with {}", programOf(kind), exit.code), log);
    return {kind, std::string(toText(kind)), freeRangesFrom(platform::readFile(file, kLongestMap), part), ""};
}

} // namespace

std::string_view toText(FileSystem kind) noexcept
{
    switch (kind) {
    case FileSystem::None:
        return "";
    case FileSystem::Ext:
        return "ext4";
    case FileSystem::Xfs:
        return "xfs";
    case FileSystem::Btrfs:
        return "btrfs";
    case FileSystem::Fat:
        return "vfat";
    case FileSystem::Ntfs:
        return "ntfs";
    case FileSystem::Swap:
        return "swap";
    }
    __builtin_unreachable();
}

ByteRange bytesOf(const Extent& partition, const BlockDevice& device) noexcept
{
    const std::uint64_t sector = device.sectorBytes();
    return {partition.first * sector, (partition.last + 1) * sector};
}

FileSystem fileSystemAt(const BlockDevice& device, const ByteRange& part)
{
    return kindOf(headOf(device, part));
}

std::string contentNameAt(const BlockDevice& device, const ByteRange& part, platform::Exec& exec,
                          const model::Deadline& deadline)
{
    const FileSystem kind = fileSystemAt(device, part);
    return kind != FileSystem::None ? std::string(toText(kind)) : blkidType(device, part, exec, deadline);
}

std::vector<ByteRange> freeRangesFrom(std::string_view map, const ByteRange& part)
{
    std::vector<ByteRange> out;
    std::uint64_t at = 0;
    while (!map.empty()) {
        const std::vector<std::string_view> words = text::words(text::takeLine(map), " ");
        if (words.size() != 3 || words[0].starts_with('#'))
            continue; // comments, and the line with the current position
        const ByteRange range{hexNumber(words[0]), hexNumber(words[0]) + hexNumber(words[1])};
        if (range.begin < at || range.end < range.begin)
            throw Error(ErrorCode::InvalidInput, "a map whose ranges are out of order");
        at = range.end;
        if (words[2] != "?" || range.begin >= part.end - part.begin)
            continue;
        out.push_back({part.begin + range.begin, std::min(part.begin + range.end, part.end)});
    }
    return out;
}

FreeSpace freeSpaceAt(const BlockDevice& device, const ByteRange& part, platform::Exec& exec, AgentLog& log,
                      const model::Deadline& deadline)
{
    const std::vector<std::byte> head = headOf(device, part);
    const FileSystem kind = kindOf(head);
    const std::string name(toText(kind));
    if (kind == FileSystem::None) {
        const std::string type = blkidType(device, part, exec, deadline);
        return type.empty() ? FreeSpace{} : distrusted(kind, type, "bm knows no map of its free space", log);
    }
    if (kind == FileSystem::Swap)
        return {kind, name, {{std::min(part.begin + kSwapHeadBytes, part.end), part.end}}, ""};
    const LoopDevice loop(device.path(), part.begin, part.end - part.begin, true, device.sectorBytes());
    try {
        if (const std::string why = unclean(kind, head, loop.path(), exec, deadline); !why.empty())
            return distrusted(kind, name, why, log);
        return mapped(kind, part, loop.path(), exec, log, deadline);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted)
            throw;
        return distrusted(kind, name, error.message(), log);
    }
}

} // namespace bm::agent
