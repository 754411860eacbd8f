#pragma once
#include "images/sources/source_settings.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace bm::images {

struct StoreSettings {
    std::filesystem::path folder =
        "/var/lib/bm/images"; ///< objects/<contentId>.zst and .manifest; incoming/ for halves
    std::uint64_t maxImageBytes = std::uint64_t{2}
                                  << 40U; ///< declared or real raw size beyond: ImageTooLarge
    std::uint64_t reserveBytes = std::uint64_t{1}
                                 << 30U; ///< free space that an import leaves; else StoreFull
    int compressionLevel = 3;
    int compressionThreads = 0; ///< 0: as many as cores
    std::string qemuImg = "/usr/bin/qemu-img";
    std::filesystem::path
        convertHelper{}; ///< bm-convert; empty: beside the program, in its build folder or in libexec/bm
    SourceSettings sources{};
};

} // namespace bm::images
