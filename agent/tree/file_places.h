#pragma once
#include <cstdint>
#include <optional>

namespace bm::agent {

/// XXH3-64 of the places on the disk that hold the first @p size bytes of a file (FIEMAP). Equal places that
/// nobody wrote to hold equal bytes. Nothing where the file system does not name them, or names places that
/// do not hold the bytes as they are (not yet written out, compressed, inside the inode).
std::optional<std::uint64_t> placesOfFile(int fd, std::uint64_t size);

} // namespace bm::agent
