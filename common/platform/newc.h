#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bm::platform {

/// An entry of a newc archive, the format of initrds
/// (Linux: Documentation/driver-api/early-userspace/buffer-format.rst).
struct NewcEntry {
    std::string name;        ///< "TRAILER!!!": the archive's end
    unsigned mode = 0;       ///< with its type
    std::uint64_t bytes = 0; ///< of content, which follows
    std::uint64_t inode = 0;
    unsigned links = 1;
};
/// The padded header and name of @p entry, which precede its content, at a multiple of four bytes.
std::string newcHeader(const NewcEntry& entry);
/// The padding after @p bytes of content.
std::string_view newcPadding(std::uint64_t bytes) noexcept;

} // namespace bm::platform
