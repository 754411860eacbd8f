#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// Bytes of a volume; none where it cannot be read.
using VolumeReader = std::function<std::vector<std::byte>(std::uint64_t offset, std::size_t length)>;

/// The places of an LVM physical volume at which content may begin: its data area, and each piece of a
/// logical volume that its metadata places there (LVM2's lib/format_text/layout.h). In bytes, at most 4096
/// places; empty without an LVM label.
std::vector<std::uint64_t> logicalVolumeBegins(const VolumeReader& read);

/// The extents of the physical volume @p id (32 letters and digits) in the text of a volume group's metadata,
/// and the bytes of one extent.
struct LvmExtents {
    std::uint64_t extentBytes = 0;
    std::vector<std::uint64_t> first; ///< of each segment
};
LvmExtents lvmExtentsOf(std::string_view metadata, std::string_view id);

} // namespace bm::agent
