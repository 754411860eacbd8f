#include "common/wire/steps/argument_limits.h"

#include "common/model/error.h"
#include "common/wire/json/schema_words.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace bm::wire {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::uint64_t kMostSeconds = std::uint64_t{14} * 24 * 3600;
constexpr std::uint64_t kMostCpus = 4096;
constexpr std::uint64_t kMostPasses = 32;
constexpr auto kDiskModes = std::to_array<std::string_view>({"read", "smart", "write"});

void require(std::string_view name, std::uint64_t value, std::uint64_t least, std::uint64_t most)
{
    if (value < least || value > most)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{} is {}; it must be {} to {}", name, value, least, most));
}

} // namespace

void checkLimits(const EraseDevicesArguments& arguments)
{
    require("shred_passes", arguments.shredPasses, 1, kMostPasses);
}

void checkLimits(const BurnInCpuArguments& arguments)
{
    require("seconds", arguments.seconds, 1, kMostSeconds);
    require("cpus", arguments.cpus, 0, kMostCpus);
}

void checkLimits(const BurnInMemoryArguments& arguments)
{
    require("seconds", arguments.seconds, 1, kMostSeconds);
    require("percent", arguments.percent, 1, 100);
}

void checkLimits(const BurnInDiskArguments& arguments)
{
    require("seconds", arguments.seconds, 1, kMostSeconds);
    if (std::ranges::find(kDiskModes, arguments.mode) == kDiskModes.end())
        throw notOneOf("mode", arguments.mode, kDiskModes);
}

} // namespace bm::wire
