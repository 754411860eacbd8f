#pragma once
#include "common/wire/steps/disk_parts.h"

namespace bm::wire {

/// capture_disk: a disk, or the files on it, become an image of the server's store. The disk is only read.
struct CaptureDiskArguments {
    std::string captureUrl{};
    std::string kind{}; ///< "disk" (also ""), "tree"
    bool generalise = false;
    DiskChoice disk{};
    static constexpr auto fields()
    {
        return std::tuple(field("capture_url", &CaptureDiskArguments::captureUrl),
                          field("kind", &CaptureDiskArguments::kind),
                          field("generalise", &CaptureDiskArguments::generalise),
                          inlined(&CaptureDiskArguments::disk));
    }
};

struct CapturedPartition {
    std::string fileSystem{};
    bool mapped = false; ///< only its used blocks were sent
    std::string why{};   ///< why the whole of it was sent
    static constexpr auto fields()
    {
        return std::tuple(field("file_system", &CapturedPartition::fileSystem),
                          field("mapped", &CapturedPartition::mapped), field("why", &CapturedPartition::why));
    }
};

struct CapturedVolume {
    std::string mount{}; ///< "/", "/boot"
    std::string kind{};  ///< of the file system
    static constexpr auto fields()
    {
        return std::tuple(field("mount", &CapturedVolume::mount), field("kind", &CapturedVolume::kind));
    }
};

struct CaptureDiskResult {
    DiskIdentity disk{};
    std::string contentId{};
    std::uint64_t imageBytes = 0;
    std::uint64_t bytesSent = 0;
    std::vector<std::string> generalised{};                     ///< what was changed in the copy
    std::optional<std::uint64_t> bytesUsed{};                   ///< of a disk
    std::optional<bool> configDriveLeftOut{};                   ///< of a disk
    std::optional<std::vector<CapturedPartition>> partitions{}; ///< of a disk
    std::optional<std::uint64_t> entries{};                     ///< of a tree
    std::optional<std::vector<CapturedVolume>> fileSystems{};   ///< of a tree
    std::optional<std::vector<std::string>> leftOut{};          ///< of a tree
    double seconds = 0;
    static constexpr auto fields()
    {
        return std::tuple(
            field("disk", &CaptureDiskResult::disk), field("content_id", &CaptureDiskResult::contentId),
            field("image_bytes", &CaptureDiskResult::imageBytes),
            field("bytes_sent", &CaptureDiskResult::bytesSent),
            field("generalised", &CaptureDiskResult::generalised),
            field("bytes_used", &CaptureDiskResult::bytesUsed),
            field("config_drive_left_out", &CaptureDiskResult::configDriveLeftOut),
            field("partitions", &CaptureDiskResult::partitions),
            field("entries", &CaptureDiskResult::entries),
            field("file_systems", &CaptureDiskResult::fileSystems),
            field("left_out", &CaptureDiskResult::leftOut), field("seconds", &CaptureDiskResult::seconds));
    }
};

} // namespace bm::wire
