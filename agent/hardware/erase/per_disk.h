#pragma once
#include "agent/base/agent_log.h"
#include "common/wire/agent/inventory.h"

#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string_view>
#include <vector>

namespace bm::agent {

constexpr std::size_t kDisksAtOnce = 4; ///< as Ironic's agent

/// The candidates, and the others with why not: [{name, reason}].
struct SortedDisks {
    std::vector<wire::Disk> candidates;
    nlohmann::json skipped = nlohmann::json::array();
};
/// @param doing  "erasing", for the log: "not erasing /dev/sr0: optical drive"
SortedDisks sortDisks(const std::vector<wire::Disk>& disks, AgentLog& log, std::string_view doing);

/// Calls @p work for each of @p disks, @p atOnce at a time on threads of their own; one that fails keeps no
/// other from being done.
/// @return the results in the order of @p disks
/// @throws Error of the first that failed, with the messages of all and how many did not; Aborted
nlohmann::json forEachDisk(const std::vector<wire::Disk>& disks, std::size_t atOnce,
                           const std::stop_token& stop,
                           const std::function<nlohmann::json(const wire::Disk&)>& work);

} // namespace bm::agent
