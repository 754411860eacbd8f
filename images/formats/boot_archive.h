#pragma once
#include "images/base/byte_source.h"

#include <optional>
#include <span>
#include <string>

namespace bm::images {

/// A kernel and its initrd in one archive, as `bm image add --kernel --initrd` and `tar -cf pair.tar vmlinuz
/// initrd.img` make them: plain files at its top, in any order.
struct BootArchive {
    std::string format;              ///< "tar", "cpio"
    std::optional<ByteRange> kernel; ///< vmlinuz
    std::optional<ByteRange> initrd; ///< initrd.img
    std::string arguments;           ///< kernel_arguments, if it is there
};

/// Whether the bytes begin as such an archive does: its first file has one of those names.
bool looksLikeBootArchive(std::span<const std::byte> head) noexcept;

/// @throws Error ImageUnsupported (another file is in it; neither tar nor newc cpio), ImageCorrupt (cut off)
BootArchive readBootArchive(const ByteSource& source);

} // namespace bm::images
