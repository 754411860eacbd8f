#pragma once
#include "agent/base/agent_log.h"
#include "agent/hardware/raid/raid_plan.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// Parses the lines "MD_UUID=..." of mdadm --export. Skips other lines.
std::map<std::string, std::string> parseMdadmExport(std::string_view text);

/// Creates and removes arrays by sgdisk and mdadm.
class RaidArrays {
public:
    RaidArrays(platform::Exec& exec, AgentLog& log, std::stop_token stop);

    /// @throws Error Conflict when @p disk has partitions other than RAID's
    void refuseForeignPartitions(const std::string& disk) const;
    /// Creates the partitions and arrays of @p plan, after it has released and wiped the disks. @return the
    /// arrays' UUIDs, in the plan's order
    /// @throws Error DiskFailed, Conflict (in use)
    std::vector<std::string> create(const RaidPlan& plan);

    /// Devices (@p disk, its partitions) that carry a RAID superblock, with their array's UUID.
    std::map<std::string, std::string> membersOn(const std::string& disk);
    /// Stops the arrays on @p disk, zeroes the superblocks of @p members and wipes its partition table.
    void remove(const std::string& disk, const std::map<std::string, std::string>& members);

private:
    platform::Exit run(const std::vector<std::string>& argv);
    void mustRun(const std::vector<std::string>& argv);
    void partition(const RaidPlan& plan, const wire::Disk& disk);
    std::string uuidOf(const std::string& array);

    platform::Exec& exec_;
    AgentLog& log_;
    std::stop_token stop_;
};

/// Numbers of the md devices that the kernel knows.
std::set<unsigned> knownMdDevices();

} // namespace bm::agent
