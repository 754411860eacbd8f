#pragma once
#include "common/model/error.h"

#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>

namespace bm::images {

/// The hint where a disk's own structures contradict each other.
inline constexpr std::string_view kRepairImage =
    "repair it, then check its files: qemu-img check -r all IMAGE; or fetch it again";

/// Errors of the parsers of foreign headers: "vmdk: <why>", with a hint.
struct DiskRefusal {
    std::string_view format; ///< "vmdk"

    [[noreturn]] void corrupt(const std::string& why) const
    {
        throw model::Error(model::ErrorCode::ImageCorrupt, fmt::format("{}: {}", format, why),
                           "fetch it again and compare its checksum");
    }
    [[noreturn]] void unsupported(const std::string& why, const std::string& hint) const
    {
        throw model::Error(model::ErrorCode::ImageUnsupported, fmt::format("{}: {}", format, why), hint);
    }
    /// Refuses a declared size of 0 or above @p limitBytes.
    void checkSize(std::uint64_t virtualBytes, std::uint64_t limitBytes) const
    {
        if (virtualBytes == 0)
            unsupported("the image has a virtual size of 0", "use an image of a disk");
        if (virtualBytes > limitBytes)
            throw model::Error(
                model::ErrorCode::ImageTooLarge,
                fmt::format("{}: a disk of {} bytes, the limit is {}", format, virtualBytes, limitBytes),
                "shrink the image, or raise the limit (bmd --print-config)");
    }
};

} // namespace bm::images
