#pragma once
#include "images/base/byte_source.h"

#include <string>

namespace bm::images {

inline constexpr std::uint64_t kMostKernelBytes = std::uint64_t{512} << 20U;
inline constexpr std::uint64_t kMostInitrdBytes = std::uint64_t{4} << 30U;

struct LinuxKernel {
    std::string version; ///< "6.1.0-31-amd64"; "" when the header has none
    bool is64 = false;   ///< has a 64-bit entry point: x86_64
    bool efi = false;    ///< UEFI can start it (EFI stub)
};

/// Checks the header of an x86 kernel (bzImage; Linux, Documentation/arch/x86/boot.rst) and its length.
/// @param name  names the kernel in messages
/// @throws Error ImageUnsupported (not a kernel, too old), ImageCorrupt (truncated), ImageTooLarge
LinuxKernel inspectKernel(const ByteSource& source, const ByteRange& kernel, const std::string& name);

/// The compression of an initrd, detected from its first bytes: "cpio" (uncompressed), "gz", "xz", "zst",
/// "lz4" ...
/// @throws Error ImageUnsupported (not an initrd), ImageTooLarge
std::string inspectInitrd(const ByteSource& source, const ByteRange& initrd, const std::string& name);

} // namespace bm::images
