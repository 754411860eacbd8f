#pragma once
#include "images/base/byte_source.h"

#include <optional>
#include <span>
#include <string>

namespace bm::images {

/// A kernel and its initrd in one archive, as `bm image add --kernel --initrd` and `tar -cf pair.tar vmlinuz
/// initrd.img` create it: plain files at the top level, in any order.
struct BootArchive {
    std::string format;              ///< "tar", "cpio"
    std::optional<ByteRange> kernel; ///< vmlinuz
    std::optional<ByteRange> initrd; ///< initrd.img
    std::string arguments;           ///< content of the file kernel_arguments; "" without one
};

/// True if the bytes begin like such an archive: its first file has one of those names.
bool looksLikeBootArchive(std::span<const std::byte> head) noexcept;

/// @throws Error ImageUnsupported (another file in it; neither tar nor newc cpio), ImageCorrupt (truncated)
BootArchive readBootArchive(const ByteSource& source);

} // namespace bm::images
