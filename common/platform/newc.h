#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bm::platform {

/// An entry of a newc archive, what the kernel unpacks initrds from
/// (Documentation/driver-api/early-userspace/buffer-format.rst).
struct NewcEntry {
    std::string name;        ///< "TRAILER!!!": the archive's end
    unsigned mode = 0;       ///< with its type
    std::uint64_t bytes = 0; ///< of content, which follows
    std::uint64_t inode = 0;
    unsigned links = 1;
};
/// Its header and name, padded: what stands before the content where the archive is a multiple of four long.
std::string newcHeader(const NewcEntry& entry);
/// Zeros that follow @p bytes of content.
std::string_view newcPadding(std::uint64_t bytes) noexcept;

} // namespace bm::platform
