#pragma once
#include "common/wire/steps/disk_parts.h"
#include "common/wire/steps/image_parts.h"

namespace bm::wire {

/// write_tree: writes the files of a tree to disks by the layout.
struct WriteTreeArguments {
    ImageOfStore image{};
    DiskChoice disk{};
    model::JsonText layout{}; ///< as common/layout/disk_layout.h reads it
    std::uint64_t contentBytes = 0;
    std::optional<std::string> configDriveUrl{}; ///< nothing: none
    static constexpr auto fields()
    {
        return std::tuple(field("image", &WriteTreeArguments::image), inlined(&WriteTreeArguments::disk),
                          field("layout", &WriteTreeArguments::layout),
                          field("content_bytes", &WriteTreeArguments::contentBytes),
                          field("configdrive_url", &WriteTreeArguments::configDriveUrl, WhenEmpty::Null));
    }
};

struct WriteTreeResult {
    DiskIdentity disk{};
    std::vector<DiskIdentity> disks{};
    std::uint64_t entries = 0;
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesFetched = 0;
    std::string filesDigest{};
    bool preserved = false; ///< the layout's preserved file systems kept their content
    double seconds = 0;
    double megabytesPerSecond = 0; ///< 10^6 bytes of content
    std::optional<BootReport> boot{};
    static constexpr auto fields()
    {
        return std::tuple(
            field("disk", &WriteTreeResult::disk), field("disks", &WriteTreeResult::disks),
            field("entries", &WriteTreeResult::entries),
            field("bytes_written", &WriteTreeResult::bytesWritten),
            field("bytes_fetched", &WriteTreeResult::bytesFetched),
            field("files_digest", &WriteTreeResult::filesDigest),
            field("preserved", &WriteTreeResult::preserved), field("seconds", &WriteTreeResult::seconds),
            field("mb_per_s", &WriteTreeResult::megabytesPerSecond), field("boot", &WriteTreeResult::boot));
    }
};

} // namespace bm::wire
