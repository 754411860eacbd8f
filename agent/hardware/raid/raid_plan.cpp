#include "agent/hardware/raid/raid_plan.h"

#include "common/model/error.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <map>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using wire::Disk;

namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kBiosFirstBytes = 8 * kMiB;   ///< as Ironic's agent
constexpr std::uint64_t kUefiFirstBytes = 551 * kMiB; ///< 1 MiB and an ESP of 550 MiB
constexpr std::uint64_t kKeptAtEnd = kMiB;            ///< space for the backup GPT, up to a whole MiB

/// The bytes of the volume, out of the bytes of its @p members.
std::uint64_t dataMembers(RaidLevel level, std::size_t members)
{
    switch (level) {
    case RaidLevel::Raid0:
        return members;
    case RaidLevel::Raid1:
        return 1;
    case RaidLevel::Raid5:
        return members - 1;
    case RaidLevel::Raid6:
        return members - 2;
    case RaidLevel::Raid10:
        return members / 2;
    }
    return 1;
}

/// Chooses the disks of an array.
std::vector<Disk> disksOf(const LogicalDisk& logical, std::size_t index, const std::vector<Disk>& all)
{
    std::vector<Disk> out;
    if (logical.physicalDisks.empty())
        std::ranges::copy_if(all, std::back_inserter(out),
                             [](const Disk& disk) { return disk.candidate && !disk.removable; });
    const auto taken = [&](const Disk& disk) {
        return std::ranges::any_of(out, [&](const Disk& other) { return other.name == disk.name; });
    };
    for (std::size_t hint = 0; hint < logical.physicalDisks.size(); ++hint) {
        try {
            wire::refuseTwins(all, logical.physicalDisks[hint]);
        } catch (const Error& error) {
            throw error.during(fmt::format("logical_disks[{}].physical_disks[{}]", index, hint));
        }
        const auto found = std::ranges::find_if(all, [&](const Disk& disk) {
            return disk.candidate && !taken(disk) && wire::matches(disk, logical.physicalDisks[hint]);
        });
        if (found == all.end())
            throw Error(
                ErrorCode::DiskNotFound,
                fmt::format("logical_disks[{}].physical_disks[{}]: no free disk matches", index, hint),
                "bm node show NODE lists the disks");
        out.push_back(*found);
    }
    if (out.size() < fewestDisks(logical.level))
        throw Error(ErrorCode::DiskNotFound,
                    fmt::format("logical_disks[{}]: RAID {} needs {} disks, there are {}", index,
                                toText(logical.level), fewestDisks(logical.level), out.size()));
    return out;
}

/// Places partitions one after the other on each disk.
class Layout {
public:
    explicit Layout(bool uefi) : first_(uefi ? kUefiFirstBytes : kBiosFirstBytes) {}

    std::vector<RaidPartition> place(const LogicalDisk& logical, std::size_t index,
                                     const std::vector<Disk>& disks)
    {
        std::uint64_t room = left(disks.front());
        for (const Disk& disk : disks)
            room = std::min(room, left(disk));
        const std::uint64_t data = dataMembers(logical.level, disks.size());
        const std::uint64_t wanted =
            logical.sizeBytes ? ((*logical.sizeBytes + data - 1) / data + kMiB - 1) / kMiB * kMiB : room;
        if (wanted > room || wanted == 0)
            throw Error(ErrorCode::DiskTooSmall,
                        fmt::format("logical_disks[{}]: RAID {} of {} disks takes {} MiB of each, one has {} "
                                    "MiB left",
                                    index, toText(logical.level), disks.size(), wanted / kMiB, room / kMiB));
        std::vector<RaidPartition> out;
        out.reserve(disks.size());
        for (const Disk& disk : disks)
            out.push_back(take(disk, wanted));
        return out;
    }

private:
    struct Cursor {
        std::uint64_t at = 0;
        unsigned partitions = 0;
    };
    Cursor& cursor(const Disk& disk)
    {
        return cursors_.try_emplace(disk.name, Cursor{first_, 0}).first->second;
    }
    std::uint64_t left(const Disk& disk)
    {
        const std::uint64_t end = disk.sizeBytes / kMiB * kMiB;
        const std::uint64_t used = cursor(disk).at + kKeptAtEnd;
        return end > used ? end - used : 0;
    }
    RaidPartition take(const Disk& disk, std::uint64_t bytes)
    {
        Cursor& here = cursor(disk);
        const std::uint32_t sector = disk.logicalSectorBytes;
        RaidPartition out{disk.name, ++here.partitions, here.at / sector, (here.at + bytes) / sector - 1,
                          sector};
        here.at += bytes;
        return out;
    }

    std::uint64_t first_;
    std::map<std::string, Cursor> cursors_;
};

/// Volumes with a size come first, in their order.
std::vector<std::size_t> placingOrder(const std::vector<LogicalDisk>& logical)
{
    std::vector<std::size_t> order(logical.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t i) { return logical[i].sizeBytes.has_value(); });
    return order;
}

void nameDevices(RaidPlan& plan, const std::set<unsigned>& taken)
{
    unsigned number = 0;
    for (RaidArray& array : plan.arrays) {
        while (taken.contains(number))
            ++number;
        array.device = fmt::format("/dev/md{}", number++);
    }
}

} // namespace

std::string RaidPartition::path() const
{
    const bool digit = std::isdigit(static_cast<unsigned char>(disk.back())) != 0;
    return fmt::format("{}{}{}", disk, digit ? "p" : "", number);
}

std::uint64_t RaidArray::volumeBytes() const
{
    const RaidPartition& one = members.front();
    return (one.lastSector - one.firstSector + 1) * one.sectorBytes * dataMembers(level, members.size());
}

std::vector<RaidPartition> RaidPlan::partitionsOf(const std::string& disk) const
{
    std::vector<RaidPartition> out;
    for (const RaidArray& array : arrays)
        std::ranges::copy_if(array.members, std::back_inserter(out),
                             [&](const RaidPartition& member) { return member.disk == disk; });
    std::ranges::sort(out, {}, &RaidPartition::number);
    return out;
}

RaidPlan planRaid(const std::vector<LogicalDisk>& logical, const std::vector<Disk>& disks, bool uefi,
                  const std::set<unsigned>& takenDevices)
{
    RaidPlan plan;
    plan.arrays.resize(logical.size());
    Layout layout(uefi);
    for (const std::size_t i : placingOrder(logical)) {
        const std::vector<Disk> members = disksOf(logical[i], i, disks);
        plan.arrays[i] = {.device = {},
                          .logicalDisk = i,
                          .level = logical[i].level,
                          .volumeName = logical[i].volumeName,
                          .members = layout.place(logical[i], i, members)};
        for (const Disk& disk : members)
            if (std::ranges::find(plan.disks, disk.name, &Disk::name) == plan.disks.end())
                plan.disks.push_back(disk);
    }
    nameDevices(plan, takenDevices);
    return plan;
}

std::vector<std::string> partitionCommand(const RaidPlan& plan, const std::string& disk)
{
    std::vector<std::string> argv = {"sgdisk", "--clear", "--set-alignment=1"};
    for (const RaidPartition& part : plan.partitionsOf(disk)) {
        argv.push_back(fmt::format("--new={}:{}:{}", part.number, part.firstSector, part.lastSector));
        argv.push_back(fmt::format("--typecode={}:FD00", part.number));
    }
    argv.push_back(disk);
    return argv;
}

std::vector<std::string> createCommand(const RaidArray& array)
{
    const std::string_view level = array.level == RaidLevel::Raid10 ? "10" : toText(array.level);
    std::vector<std::string> argv = {"mdadm",
                                     "--create",
                                     array.device,
                                     "--run",
                                     "--force",
                                     "--metadata=1.2",
                                     "--homehost=any",
                                     fmt::format("--level={}", level),
                                     fmt::format("--raid-devices={}", array.members.size())};
    if (!array.volumeName.empty())
        argv.push_back("--name=" + array.volumeName);
    for (const RaidPartition& member : array.members)
        argv.push_back(member.path());
    return argv;
}

} // namespace bm::agent
