#pragma once
#include "common/wire/steps/disk_parts.h"
#include "common/wire/steps/image_parts.h"

namespace bm::wire {

/// verify_disk: compares a deployed disk with its image. Only reads the disk.
struct VerifyDiskArguments {
    ImageOfStore image{};
    DiskChoice disk{};
    static constexpr auto fields()
    {
        return std::tuple(field("image", &VerifyDiskArguments::image), inlined(&VerifyDiskArguments::disk));
    }
};

struct VerifiedPartition {
    std::uint64_t firstByte = 0;
    std::uint64_t bytes = 0;
    std::string fileSystem{};
    std::uint64_t blocksChanged = 0;
    static constexpr auto fields()
    {
        return std::tuple(field("first_byte", &VerifiedPartition::firstByte),
                          field("bytes", &VerifiedPartition::bytes),
                          field("file_system", &VerifiedPartition::fileSystem),
                          field("blocks_changed", &VerifiedPartition::blocksChanged));
    }
};

struct VerifyDiskResult {
    DiskIdentity disk{};
    std::uint64_t blocks = 0;
    std::uint64_t blocksChanged = 0;
    std::uint64_t blocksUnreadable = 0;
    std::vector<VerifiedPartition> partitions{};
    double seconds = 0;
    static constexpr auto fields()
    {
        return std::tuple(field("disk", &VerifyDiskResult::disk), field("blocks", &VerifyDiskResult::blocks),
                          field("blocks_changed", &VerifyDiskResult::blocksChanged),
                          field("blocks_unreadable", &VerifyDiskResult::blocksUnreadable),
                          field("partitions", &VerifyDiskResult::partitions),
                          field("seconds", &VerifyDiskResult::seconds));
    }
};

} // namespace bm::wire
