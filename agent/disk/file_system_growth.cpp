#include "agent/disk/file_system_growth.h"

#include "agent/disk/gpt.h"
#include "agent/disk/mounted.h"
#include "agent/disk/partition_types.h"
#include "common/model/error.h"

#include <fmt/format.h>
#include <optional>
#include <sys/statvfs.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

/// The last partition but the config drive. Nothing when its type does not grow.
std::optional<ByteRange> lastPartition(const BlockDevice& device)
{
    const std::optional<Gpt> table = Gpt::read(device);
    if (!table)
        return std::nullopt;
    std::optional<Gpt::Entry> last;
    for (const Gpt::Entry& entry : table->entries())
        if (entry.name != "config-2" && (!last || entry.extent.last > last->extent.last))
            last = entry;
    if (!last || !partitionUse(last->type, last->name).growable)
        return std::nullopt;
    const std::uint64_t sector = device.sectorBytes();
    return ByteRange{last->extent.first * sector, (last->extent.last + 1) * sector};
}

std::vector<std::string> commandFor(FileSystem kind, const Mounted& mounted)
{
    if (kind == FileSystem::Ext)
        return {"resize2fs", mounted.loop()};
    if (kind == FileSystem::Xfs)
        return {"xfs_growfs", mounted.root().string()};
    return {"btrfs", "filesystem", "resize", "max", mounted.root().string()};
}

std::uint64_t bytesOf(const Mounted& mounted)
{
    struct statvfs found {};
    return ::statvfs(mounted.root().c_str(), &found) == 0
               ? std::uint64_t{found.f_blocks} * std::uint64_t{found.f_frsize}
               : 0;
}

/// @throws Error DiskFailed unless the exit code is 0 or @p alsoGood
void run(const std::vector<std::string>& command, platform::Exec& exec, const model::Deadline& deadline,
         int alsoGood = 0)
{
    const platform::Exit exit = exec.run({command}, deadline);
    if (exit.code != 0 && exit.code != alsoGood)
        throw Error(ErrorCode::DiskFailed,
                    fmt::format("{} ended with {}: {}", command.front(), exit.code, exit.err));
}

void growMounted(const BlockDevice& device, const ByteRange& part, FileSystem kind, FileSystemGrowth& growth,
                 platform::Exec& exec, const model::Deadline& deadline)
{
    const Mounted mounted(device, part, kind, false);
    growth.bytesBefore = bytesOf(mounted);
    run(commandFor(kind, mounted), exec, deadline);
    growth.bytesAfter = bytesOf(mounted);
}

/// Some ext file systems do not grow while mounted (no resize_inode, no permission). Growing them unmounted
/// is slower, because e2fsck checks all maps first.
void growExtUnmounted(const BlockDevice& device, const ByteRange& part, FileSystemGrowth& growth,
                      platform::Exec& exec, const model::Deadline& deadline)
{
    constexpr int kCorrected = 1; // e2fsck(8), exit code
    {
        const LoopDevice loop(device.path(), part.begin, part.end - part.begin, false, device.sectorBytes());
        run({"e2fsck", "-f", "-p", loop.path()}, exec, deadline, kCorrected);
        run({"resize2fs", loop.path()}, exec, deadline);
    }
    growth.bytesAfter = bytesOf(Mounted(device, part, FileSystem::Ext, true));
}

void grow(const BlockDevice& device, const ByteRange& part, FileSystem kind, FileSystemGrowth& growth,
          platform::Exec& exec, AgentLog& log, const model::Deadline& deadline)
{
    try {
        growMounted(device, part, kind, growth, exec, deadline);
    } catch (const Error& error) {
        if (kind != FileSystem::Ext || error.code() != ErrorCode::DiskFailed || growth.bytesBefore == 0)
            throw;
        log.info("it does not grow mounted: " + std::string(error.message()));
        growExtUnmounted(device, part, growth, exec, deadline);
    }
}

} // namespace

FileSystemGrowth growLastFileSystem(const std::filesystem::path& disk, platform::Exec& exec, AgentLog& log,
                                    const model::Deadline& deadline)
{
    FileSystemGrowth growth;
    try {
        BlockDevice device(disk, BlockDevice::Access::Write);
        const std::optional<ByteRange> part = lastPartition(device);
        const FileSystem kind = part ? fileSystemAt(device, *part) : FileSystem::None;
        if (!isMountable(kind))
            return growth;
        growth.fileSystem = toText(kind);
        grow(device, *part, kind, growth, exec, log, deadline);
        device.flush();
        log.info(fmt::format("the {} of the last partition: {} MiB, was {}", growth.fileSystem,
                             growth.bytesAfter >> 20U, growth.bytesBefore >> 20U));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::Aborted)
            throw;
        growth.trouble = error.message();
        log.warning(fmt::format("the file system of the last partition does not grow: {}", error.message()));
    }
    return growth;
}

} // namespace bm::agent
