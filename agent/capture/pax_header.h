#pragma once
#include "agent/files/attributes.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace bm::agent {

/// An extent of a sparse file that has data; the rest are holes.
struct ContentRange {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
};

/// One entry of a pax archive (POSIX.1-2017, pax, "pax Interchange Format").
struct PaxEntry {
    std::string path; ///< without a leading slash
    mode_t mode = 0;  ///< with its type
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::int64_t seconds = 0; ///< since 1970
    std::uint32_t nanoseconds = 0;
    std::string link{};    ///< target of a symlink, or the first name of a hard link
    bool hardLink = false; ///< a hard link; only path and link count
    dev_t device = 0;
    std::uint64_t size = 0;              ///< of a regular file
    bool sparse = false;                 ///< sparse; contentBytes excludes the holes
    std::vector<ContentRange> content{}; ///< in order; of a regular file
    Attributes attributes{};
};

/// The bytes before the entry's content: its extended header where it needs one (long names, times below
/// the second, extended attributes as SCHILY.xattr, holes as GNU.sparse 1.0), the ustar header, the map of a
/// sparse file. A multiple of 512 bytes. bm writes the format itself, because libarchive's writer would add
/// all its formats and libxml2 to the RAM disk.
std::string paxHeader(const PaxEntry& entry);

/// Size of the content that follows.
std::uint64_t contentBytes(const PaxEntry& entry) noexcept;
/// The padding to the next multiple of 512.
std::size_t paddingAfter(std::uint64_t bytes) noexcept;
/// The end marker of the archive.
inline constexpr std::size_t kPaxEndBytes = 1024;

} // namespace bm::agent
