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

/// The file system at @p part of @p device, by its superblock.
FileSystem fileSystemAt(const BlockDevice& device, const ByteRange& part);
/// toText() of fileSystemAt(); else blkid's type ("LVM2_member", "f2fs"); "" for unknown content.
/// @throws Error Aborted, DiskFailed
std::string contentNameAt(const BlockDevice& device, const ByteRange& part, platform::Exec& exec,
                          const model::Deadline& deadline);

/// The range of a partition in its table.
ByteRange bytesOf(const Extent& partition, const BlockDevice& device) noexcept;

/// A map of free space.
struct FreeSpace {
    FileSystem kind = FileSystem::None;
    std::string name;            ///< as contentNameAt()
    std::vector<ByteRange> free; ///< of the device, in order
    std::string distrust;        ///< the reason for a missing map, for people; "": the map is valid
};

/// The free space of the file system at @p part by its own maps, which partclone reads (swap: everything
/// after its header). While a journal is not replayed, the maps may be outdated, so nothing counts as free.
/// Writes nothing.
/// @throws Error Aborted, DiskFailed
FreeSpace freeSpaceAt(const BlockDevice& device, const ByteRange& part, platform::Exec& exec, AgentLog& log,
                      const model::Deadline& deadline);

/// partclone's domain map (ddrescue's format): ranges marked "?", moved to @p part's begin and cut at its
/// end.
/// @throws Error InvalidInput (not a number, ranges out of order)
std::vector<ByteRange> freeRangesFrom(std::string_view map, const ByteRange& part);

} // namespace bm::agent
