#include "agent/copy/delta_choice.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {
namespace {

constexpr std::size_t kShareOfTrial = 32;
constexpr std::size_t kMostTrialBlocks = 32;
constexpr std::size_t kFewestTrialBlocks = 4; ///< with fewer bytes the latency dominates

} // namespace

DeltaChoice chooseDelta(const Probe& probe, double copyBytesPerSecond)
{
    if (probe.sampled == 0 || probe.equal == 0)
        return {false, fmt::format("none of {} sampled blocks is on the disk", probe.sampled)};
    const std::string found =
        fmt::format("{} of {} sampled blocks are on the disk", probe.equal, probe.sampled);
    if (copyBytesPerSecond <= 0 || probe.bytesPerSecond <= 0)
        return {true, found};
    const double equal = static_cast<double>(probe.equal) / static_cast<double>(probe.sampled);
    const std::string speeds = fmt::format("{}; hashing runs at {:.0f} MB/s, copying at {:.0f} MB/s", found,
                                           probe.bytesPerSecond / 1e6, copyBytesPerSecond / 1e6);
    return {equal * probe.bytesPerSecond > copyBytesPerSecond, speeds};
}

std::vector<std::size_t> trialBlocks(const images::Manifest& manifest)
{
    std::vector<std::size_t> blocks;
    for (std::size_t i = 1; i < manifest.blocks.size(); ++i)
        if (!manifest.blocks[i].hole)
            blocks.push_back(i);
    const std::size_t count = std::min(blocks.size() / kShareOfTrial, kMostTrialBlocks);
    if (count < kFewestTrialBlocks)
        return {};
    blocks.resize(count);
    return blocks;
}

} // namespace bm::agent
