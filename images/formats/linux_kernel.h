#pragma once
#include "images/base/byte_source.h"

#include <string>

namespace bm::images {

inline constexpr std::uint64_t kMostKernelBytes = std::uint64_t{512} << 20U;
inline constexpr std::uint64_t kMostInitrdBytes = std::uint64_t{4} << 30U;

struct LinuxKernel {
    std::string version; ///< "6.1.0-31-amd64"; "" where it does not say
    bool is64 = false;   ///< has a 64-bit entry: x86_64
    bool efi = false;    ///< UEFI can start it (EFI stub)
};

/// Looks at the header of an x86 kernel (bzImage; Linux, Documentation/arch/x86/boot.rst) and at its length.
/// @param name  for messages
/// @throws Error ImageUnsupported (no kernel, too old), ImageCorrupt (cut off), ImageTooLarge
LinuxKernel inspectKernel(const ByteSource& source, const ByteRange& kernel, const std::string& name);

/// How an initrd is compressed, by its first bytes: "cpio" (not at all), "gz", "xz", "zst", "lz4" ...
/// @throws Error ImageUnsupported (no initrd), ImageTooLarge
std::string inspectInitrd(const ByteSource& source, const ByteRange& initrd, const std::string& name);

} // namespace bm::images
