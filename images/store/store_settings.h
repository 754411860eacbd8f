#pragma once
#include "images/sources/source_settings.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bm::images {

struct StoreSettings {
    std::filesystem::path folder =
        "/var/lib/bm/images"; ///< objects/<contentId>.zst and .manifest; incoming/ for partial files
    std::uint64_t maxImageBytes = std::uint64_t{2}
                                  << 40U; ///< a larger declared or real raw size is refused: ImageTooLarge
    std::uint64_t reserveBytes =
        std::uint64_t{1} << 30U; ///< an import keeps this much disk space free, or fails with StoreFull
    int compressionLevel = 3;
    int compressionThreads = 0; ///< 0: one per core
    std::string qemuImg = "/usr/bin/qemu-img";
    std::filesystem::path
        convertHelper{}; ///< bm-convert; empty: beside the program, in its build folder or in libexec/bm
    bool convertWithoutLandlock = false; ///< convert where the kernel lacks Landlock, too
    SourceSettings sources{};
};

} // namespace bm::images
