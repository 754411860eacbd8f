#pragma once
#include "common/wire/steps/deploy_options.h"
#include "common/wire/steps/disk_parts.h"
#include "common/wire/steps/image_parts.h"

namespace bm::wire {

/// write_image: copies a disk image to one disk or to several.
struct WriteImageArguments {
    ImageOfStore image{};
    DiskChoice disk{};
    CopyOptions copy{};
    std::optional<std::string> configDriveUrl{}; ///< nothing: none
    static constexpr auto fields()
    {
        return std::tuple(field("image", &WriteImageArguments::image), inlined(&WriteImageArguments::disk),
                          inlined(&WriteImageArguments::copy),
                          field("configdrive_url", &WriteImageArguments::configDriveUrl, WhenEmpty::Null));
    }
};

/// How the agent chose the blocks to write: all, or only those that differed.
struct CopyDecision {
    bool onlyDiffering = false;
    std::string why{};
    static constexpr auto fields()
    {
        return std::tuple(field("only_differing", &CopyDecision::onlyDiffering),
                          field("why", &CopyDecision::why));
    }
};

/// The last file system after the growth of its partition.
struct GrownFileSystem {
    std::string kind{};
    std::uint64_t bytesBefore = 0;
    std::uint64_t bytesAfter = 0;
    std::string trouble{}; ///< why it did not grow; "": it grew, or had its size already
    static constexpr auto fields()
    {
        return std::tuple(
            field("kind", &GrownFileSystem::kind), field("bytes_before", &GrownFileSystem::bytesBefore),
            field("bytes_after", &GrownFileSystem::bytesAfter), field("trouble", &GrownFileSystem::trouble));
    }
};

/// One of several disks with the same image.
struct WrittenDisk {
    DiskIdentity disk{};
    std::string blocksRoot{};
    static constexpr auto fields()
    {
        return std::tuple(inlined(&WrittenDisk::disk), field("blocks_root", &WrittenDisk::blocksRoot));
    }
};

struct WriteImageResult {
    DiskIdentity disk{};
    std::optional<std::vector<WrittenDisk>> disks{}; ///< where there are several
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesFetched = 0;
    std::uint64_t bytesPresent = 0; ///< equal on the disk before the step
    std::string blocksRoot{};       ///< of the blocks that the agent read back, hex
    CopyDecision decision{};
    double seconds = 0;
    double megabytesPerSecond = 0; ///< 10^6 bytes of the image
    std::optional<GrownFileSystem> fileSystem{};
    std::optional<BootReport> boot{};
    static constexpr auto fields()
    {
        return std::tuple(
            field("disk", &WriteImageResult::disk), field("disks", &WriteImageResult::disks),
            field("bytes_written", &WriteImageResult::bytesWritten),
            field("bytes_fetched", &WriteImageResult::bytesFetched),
            field("bytes_present", &WriteImageResult::bytesPresent),
            field("blocks_root", &WriteImageResult::blocksRoot),
            field("decision", &WriteImageResult::decision), field("seconds", &WriteImageResult::seconds),
            field("mb_per_s", &WriteImageResult::megabytesPerSecond),
            field("file_system", &WriteImageResult::fileSystem), field("boot", &WriteImageResult::boot));
    }
};

} // namespace bm::wire
