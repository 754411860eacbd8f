#pragma once
#include "agent/base/agent_log.h"
#include "common/wire/agent/inventory.h"
#include "common/wire/steps/disk_parts.h"

#include <cstddef>
#include <functional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace bm::agent {

constexpr std::size_t kDisksAtOnce = 4; ///< as Ironic's agent

/// The disks that may be erased, and the others with their reason.
struct SortedDisks {
    std::vector<wire::Disk> candidates;
    std::vector<wire::SkippedDisk> skipped;
};
/// @param doing  "erasing", for the log: "not erasing /dev/sr0: optical drive"
SortedDisks sortDisks(const std::vector<wire::Disk>& disks, AgentLog& log, std::string_view doing);

/// Calls @p work with the index of each of @p disks, @p atOnce at a time on threads of their own. The others
/// continue when one fails.
/// @throws Error of the first failed disk, with the messages of all failed disks and their number; Aborted
void workOnDisks(const std::vector<wire::Disk>& disks, std::size_t atOnce, const std::stop_token& stop,
                 const std::function<void(std::size_t index)>& work);

/// The same with the results of @p work, in the order of @p disks.
template <class Work>
auto forEachDisk(const std::vector<wire::Disk>& disks, std::size_t atOnce, const std::stop_token& stop,
                 const Work& work)
{
    std::vector<decltype(work(disks.front()))> results(disks.size());
    workOnDisks(disks, atOnce, stop, [&](std::size_t index) { results[index] = work(disks[index]); });
    return results;
}

} // namespace bm::agent
