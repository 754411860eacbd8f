#include "agent/hardware/raid/raid_arrays.h"

#include "agent/base/stop_wait.h"
#include "agent/disk/block_device.h"
#include "agent/disk/gpt.h"
#include "agent/disk/kernel_disks.h"
#include "agent/disk/signature_wiper.h"
#include "agent/hardware/erase/disk_eraser.h"
#include "common/model/error.h"
#include "common/text/text.h"

#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;
using model::Deadline;
using model::Error;
using model::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::milliseconds kProgram = 2min;
constexpr std::chrono::milliseconds kNodes = 10s;
constexpr std::string_view kRaidType = "a19d880f-05fc-4d3b-a006-743f0f84911e"; ///< GPT: Linux RAID

std::vector<std::string> devicesOf(const std::string& disk)
{
    std::vector<std::string> out = {disk};
    std::error_code ignored;
    const fs::path name = fs::path(disk).filename();
    for (const auto& entry : fs::directory_iterator(fs::path("/sys/class/block") / name, ignored))
        if (fs::exists(entry.path() / "partition", ignored))
            out.push_back((fs::path(disk).parent_path() / entry.path().filename()).string());
    return out;
}

bool hasOnlyRaidPartitions(const BlockDevice& device)
{
    const std::optional<Gpt> table = Gpt::read(device);
    if (!table)
        return partitionsOf(device).empty();
    for (const Gpt::Entry& entry : table->entries())
        if (entry.type != kRaidType)
            return false;
    return true;
}

} // namespace

std::map<std::string, std::string> parseMdadmExport(std::string_view output)
{
    std::map<std::string, std::string> out;
    while (!output.empty()) {
        const std::string_view line = text::takeLine(output);
        const std::size_t equals = line.find('=');
        if (line.starts_with("MD_") && equals != std::string_view::npos)
            out.insert_or_assign(std::string(line.substr(0, equals)), std::string(line.substr(equals + 1)));
    }
    return out;
}

std::set<unsigned> knownMdDevices()
{
    std::set<unsigned> out;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/sys/block", ignored)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with("md"))
            continue;
        std::string_view rest = std::string_view(name).substr(2);
        if (const std::optional<unsigned> number = text::takeNumber<unsigned>(rest))
            out.insert(*number);
    }
    return out;
}

RaidArrays::RaidArrays(platform::Exec& exec, AgentLog& log, std::stop_token stop)
    : exec_(exec), log_(log), stop_(std::move(stop))
{}

platform::Exit RaidArrays::run(const std::vector<std::string>& argv)
{
    return exec_.run({argv}, Deadline::in(kProgram, stop_));
}

void RaidArrays::mustRun(const std::vector<std::string>& argv)
{
    log_.info(fmt::format("{}", fmt::join(argv, " ")));
    const platform::Exit exit = run(argv);
    if (exit.code != 0)
        throw Error(ErrorCode::DiskFailed, fmt::format("{} ended with {}: {}", argv.front(), exit.code,
                                                       exit.err.empty() ? exit.out : exit.err));
}

void RaidArrays::refuseForeignPartitions(const std::string& disk) const
{
    const BlockDevice device(disk, BlockDevice::Access::Read);
    bool fine = false;
    try {
        fine = hasOnlyRaidPartitions(device);
    } catch (const Error& broken) { // a damaged GPT: its partitions are unknown
        log_.info(fmt::format("{}: {}", disk, broken.message()));
    }
    if (!fine)
        throw Error(ErrorCode::Conflict, disk + " has partitions other than RAID's",
                    "erase it first: erase_devices_metadata or raid_delete_configuration");
}

/// Wipes old signatures at both ends of each new partition, then creates the partitions.
void RaidArrays::partition(const RaidPlan& plan, const wire::Disk& disk)
{
    eraseMetadata(disk.name, exec_, log_, stop_);
    {
        const std::vector<RaidPartition> parts = plan.partitionsOf(disk.name);
        std::vector<Extent> extents;
        extents.reserve(parts.size());
        for (const RaidPartition& part : parts)
            extents.push_back({part.firstSector, part.lastSector});
        BlockDevice device(disk.name, BlockDevice::Access::Write);
        wipeSignatures(device, 0, extents, stop_);
        device.flush();
    }
    mustRun(partitionCommand(plan, disk.name));
    const Deadline deadline = Deadline::in(kNodes, stop_);
    std::error_code ignored;
    for (const RaidPartition& part : plan.partitionsOf(disk.name))
        while (!fs::exists(part.path(), ignored)) {
            if (deadline.over())
                throw Error(ErrorCode::DiskFailed, part.path() + " does not appear after partitioning");
            waitUnlessStopped(100ms, stop_);
        }
}

std::string RaidArrays::uuidOf(const std::string& array)
{
    const std::map<std::string, std::string> found =
        parseMdadmExport(run({"mdadm", "--detail", "--export", array}).out);
    const auto uuid = found.find("MD_UUID");
    return uuid == found.end() ? std::string{} : uuid->second;
}

std::vector<std::string> RaidArrays::create(const RaidPlan& plan)
{
    for (const wire::Disk& disk : plan.disks)
        partition(plan, disk);
    std::vector<std::string> uuids;
    uuids.reserve(plan.arrays.size());
    for (const RaidArray& array : plan.arrays) {
        mustRun(createCommand(array));
        BlockDevice device(array.device, BlockDevice::Access::Write);
        wipeSignatures(device, 0, {}, stop_); // signatures of earlier file systems
        device.flush();
        uuids.push_back(uuidOf(array.device));
    }
    return uuids;
}

std::map<std::string, std::string> RaidArrays::membersOn(const std::string& disk)
{
    std::map<std::string, std::string> out;
    for (const std::string& device : devicesOf(disk)) {
        const platform::Exit exit = run({"mdadm", "--examine", "--export", device});
        const std::map<std::string, std::string> found = parseMdadmExport(exit.out);
        if (const auto uuid = found.find("MD_UUID"); exit.code == 0 && uuid != found.end())
            out.emplace(device, uuid->second);
    }
    return out;
}

void RaidArrays::remove(const std::string& disk, const std::map<std::string, std::string>& members)
{
    releaseDisk(exec_, disk, log_, Deadline::in(kProgram, stop_));
    for (const auto& [device, uuid] : members) {
        const platform::Exit exit = run({"mdadm", "--zero-superblock", "--force", device});
        if (exit.code != 0)
            log_.warning(fmt::format("mdadm --zero-superblock {} ended with {}: {}; zeroing it without",
                                     device, exit.code, exit.err));
    }
    eraseMetadata(disk, exec_, log_, stop_);
}

} // namespace bm::agent
