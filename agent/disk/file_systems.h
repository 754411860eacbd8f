#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

enum class FileSystem : std::uint8_t { None, Ext, Xfs, Btrfs, Fat, Ntfs, Swap };
std::string_view toText(FileSystem kind) noexcept; ///< "ext4", "xfs" ...; "" for None

/// Bytes of a device: [begin, end).
struct ByteRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    bool operator==(const ByteRange&) const = default;
};

/// What lies at @p part of @p device, by its superblock.
FileSystem fileSystemAt(const BlockDevice& device, const ByteRange& part);
/// toText() of fileSystemAt(); else what blkid says ("LVM2_member", "f2fs"); "" where both know nothing.
/// @throws Error Aborted, DiskFailed
std::string contentNameAt(const BlockDevice& device, const ByteRange& part, platform::Exec& exec,
                          const model::Deadline& deadline);

/// A partition's, as the table has it.
ByteRange bytesOf(const Extent& partition, const BlockDevice& device) noexcept;

/// A map of free space.
struct FreeSpace {
    FileSystem kind = FileSystem::None;
    std::string name;            ///< as contentNameAt()
    std::vector<ByteRange> free; ///< of the device, in order
    std::string distrust;        ///< why there is no map, for people; "" when there is one
};

/// The free space of the file system at @p part: what its own maps say, read by partclone (swap: all but its
/// head). A file system whose journal was not written back is not trusted, its maps may be behind: nothing is
/// free then. Nothing is written.
/// @throws Error Aborted, DiskFailed
FreeSpace freeSpaceAt(const BlockDevice& device, const ByteRange& part, platform::Exec& exec, AgentLog& log,
                      const model::Deadline& deadline);

/// partclone's domain map (ddrescue's format): ranges marked "?", moved to @p part's begin and cut at its
/// end.
/// @throws Error InvalidInput on what is no number, ranges out of order
std::vector<ByteRange> freeRangesFrom(std::string_view map, const ByteRange& part);

} // namespace bm::agent
