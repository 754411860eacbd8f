#pragma once
#include "common/wire/steps/disk_parts.h"

namespace bm::wire {

/// The burn-ins; a wrong result is an Error AgentFailed that names the defect and its place.
struct BurnInCpuArguments {
    std::uint64_t seconds = 600; ///< 1 to 14 days
    std::uint64_t cpus = 0;      ///< 0: all
    static constexpr auto fields()
    {
        return std::tuple(field("seconds", &BurnInCpuArguments::seconds),
                          field("cpus", &BurnInCpuArguments::cpus));
    }
};

struct BurnInCpuResult {
    double seconds = 0;
    std::uint64_t cpus = 0;
    std::uint64_t rounds = 0;
    double roundsPerSecond = 0;
    static constexpr auto fields()
    {
        return std::tuple(field("seconds", &BurnInCpuResult::seconds), field("cpus", &BurnInCpuResult::cpus),
                          field("rounds", &BurnInCpuResult::rounds),
                          field("rounds_per_s", &BurnInCpuResult::roundsPerSecond));
    }
};

struct BurnInMemoryArguments {
    std::uint64_t seconds = 600;
    std::uint64_t percent = 90; ///< of the free memory, 1 to 100
    static constexpr auto fields()
    {
        return std::tuple(field("seconds", &BurnInMemoryArguments::seconds),
                          field("percent", &BurnInMemoryArguments::percent));
    }
};

struct BurnInMemoryResult {
    double seconds = 0;
    std::uint64_t bytesTested = 0;
    std::uint64_t passes = 0;
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesRead = 0;
    double megabytesPerSecond = 0;
    static constexpr auto fields()
    {
        return std::tuple(field("seconds", &BurnInMemoryResult::seconds),
                          field("bytes_tested", &BurnInMemoryResult::bytesTested),
                          field("passes", &BurnInMemoryResult::passes),
                          field("bytes_written", &BurnInMemoryResult::bytesWritten),
                          field("bytes_read", &BurnInMemoryResult::bytesRead),
                          field("mb_per_s", &BurnInMemoryResult::megabytesPerSecond));
    }
};

struct BurnInDiskArguments {
    std::uint64_t seconds = 600; ///< of "smart": how long a self-test may take
    std::string mode =
        "read"; ///< "write": overwrites all candidates and leaves them without partitions; "smart"
    static constexpr auto fields()
    {
        return std::tuple(field("seconds", &BurnInDiskArguments::seconds),
                          field("mode", &BurnInDiskArguments::mode));
    }
};

/// One disk of "read" and "write".
struct BurntDisk {
    std::string name{};
    std::string serial{};
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesRead = 0;
    std::uint64_t passes = 0;
    double megabytesPerSecond = 0;
    static constexpr auto fields()
    {
        return std::tuple(field("name", &BurntDisk::name), field("serial", &BurntDisk::serial),
                          field("bytes_written", &BurntDisk::bytesWritten),
                          field("bytes_read", &BurntDisk::bytesRead), field("passes", &BurntDisk::passes),
                          field("mb_per_s", &BurntDisk::megabytesPerSecond));
    }
};

/// One disk of "smart".
struct SmartDisk {
    std::string name{};
    std::string serial{};
    std::optional<std::string> health{};   ///< "passed"; nothing: the disk does not report it
    std::optional<std::string> selfTest{}; ///< "passed", "unfinished"
    std::optional<std::string> detail{};
    static constexpr auto fields()
    {
        return std::tuple(field("name", &SmartDisk::name), field("serial", &SmartDisk::serial),
                          field("health", &SmartDisk::health, WhenEmpty::Null),
                          field("self_test", &SmartDisk::selfTest, WhenEmpty::Null),
                          field("detail", &SmartDisk::detail, WhenEmpty::Null));
    }
};

/// @tparam Disk  BurntDisk or SmartDisk, by the mode
template <class Disk> struct BurnInDiskResult {
    std::string mode{};
    std::vector<Disk> disks{};
    std::vector<SkippedDisk> skipped{};
    static constexpr auto fields()
    {
        return std::tuple(field("mode", &BurnInDiskResult::mode), field("disks", &BurnInDiskResult::disks),
                          field("skipped", &BurnInDiskResult::skipped));
    }
};

} // namespace bm::wire
