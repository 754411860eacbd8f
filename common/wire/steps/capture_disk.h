#pragma once
#include "common/wire/steps/disk_parts.h"

namespace bm::wire {

/// capture_disk: makes an image of a disk, or of the files on it, in the server's store. Only reads the disk.
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
    bool mapped = false; ///< the agent sent its used blocks only
    std::string why{};   ///< why the agent sent all of it
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
    std::vector<std::string> generalised{};                     ///< changes in the copy
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
