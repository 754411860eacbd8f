// The steps that create and remove software RAID.
#include "agent/hardware/raid/raid_steps.h"

#include "agent/disk/inventory_reader.h"
#include "agent/hardware/erase/per_disk.h"
#include "agent/hardware/raid/raid_arrays.h"
#include "agent/start/disk_start.h"
#include "common/text/text.h"
#include "common/wire/steps/raid.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

namespace bm::agent {

using wire::Disk;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr std::uint64_t kSysfsSector = 512;

bool bootedByUefi()
{
    std::error_code ignored;
    return std::filesystem::exists("/sys/firmware/efi", ignored);
}

bool nameDisks(const std::vector<LogicalDisk>& logical)
{
    return std::ranges::any_of(logical, [](const LogicalDisk& one) {
        return std::ranges::any_of(one.physicalDisks, wire::nameOneDisk);
    });
}

/// The size in the kernel, or the plan's if the kernel does not show it.
std::uint64_t bytesOf(const RaidArray& array)
{
    const std::filesystem::path name = std::filesystem::path(array.device).filename();
    const std::string attribute = readAttribute("/sys/class/block" / name / "size");
    std::string_view rest = attribute;
    const std::uint64_t sectors = text::takeNumber<std::uint64_t>(rest).value_or(0);
    return sectors > 0 ? sectors * kSysfsSector : array.volumeBytes();
}

wire::RaidVolume resultOf(const RaidArray& array, const LogicalDisk& logical, const std::string& uuid)
{
    const std::uint64_t bytes = bytesOf(array);
    wire::RaidVolume volume{.level = std::string(toText(array.level)),
                            .sizeGib = (bytes + kGiB / 2) / kGiB,
                            .sizeBytes = bytes,
                            .name = array.device,
                            .uuid = uuid,
                            .isRootVolume = logical.isRootVolume};
    if (!logical.volumeName.empty())
        volume.volumeName = logical.volumeName;
    for (const RaidPartition& member : array.members)
        volume.members.push_back({member.disk, member.path()});
    return volume;
}

/// The numbers of arrays on other disks, after the arrays on the plan's disks are stopped.
std::set<unsigned> stopArraysOf(const RaidPlan& plan, RaidArrays& arrays)
{
    for (const Disk& disk : plan.disks)
        arrays.remove(disk.name, {});
    return knownMdDevices();
}

} // namespace

model::JsonText raidCreateConfiguration(const StepContext& context)
{
    const std::vector<LogicalDisk> logical = wire::logicalDisksFrom(
        wire::fromJson<wire::RaidCreateArguments>(context.arguments.text, "raid_create_configuration"));
    context.disks(); // waits for the disks that the machine had
    std::vector<Disk> disks;
    RaidPlan plan = context.disks.onceFound(nameDisks(logical), [&](const std::vector<Disk>& found) {
        disks = found;
        return planRaid(logical, found, bootedByUefi());
    });
    context.disks.refuseProtected(plan.disks);
    RaidArrays arrays(context.exec, context.log, context.stop);
    for (const Disk& disk : plan.disks)
        arrays.refuseForeignPartitions(disk.name);
    context.progress.message("creating software RAID");
    plan = planRaid(logical, disks, bootedByUefi(), stopArraysOf(plan, arrays));
    const std::vector<std::string> uuids = arrays.create(plan);
    wire::RaidCreateResult result;
    for (std::size_t i = 0; i < plan.arrays.size(); ++i)
        result.raidConfig.logicalDisks.push_back(resultOf(plan.arrays[i], logical[i], uuids[i]));
    return wire::toJson(result);
}

model::JsonText raidDeleteConfiguration(const StepContext& context)
{
    const SortedDisks sorted = sortDisks(context.disks(), context.log, "searching for RAID on");
    RaidArrays arrays(context.exec, context.log, context.stop);
    std::map<std::string, std::map<std::string, std::string>> members;
    std::set<std::string> deleted;
    std::vector<std::string> names;
    std::vector<Disk> withMembers;
    for (const Disk& disk : sorted.candidates) {
        const std::map<std::string, std::string> found = arrays.membersOn(disk.name);
        if (found.empty())
            continue;
        members.emplace(disk.name, found);
        names.push_back(disk.name);
        withMembers.push_back(disk);
        for (const auto& [device, uuid] : found)
            deleted.insert(uuid);
    }
    context.disks.refuseProtected(withMembers);
    DiskStart start(names, context);
    wire::RaidDeleteResult result;
    for (const Disk& disk : withMembers) {
        context.progress.message("removing software RAID from " + disk.name);
        arrays.remove(disk.name, members.at(disk.name));
        result.erased.push_back({.name = disk.name, .serial = disk.serial});
    }
    result.deleted.assign(deleted.begin(), deleted.end());
    result.skipped = sorted.skipped;
    result.boot = start.forget();
    return wire::toJson(result);
}

} // namespace bm::agent
