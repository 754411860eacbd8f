#include "agent/disk/machine_disks.h"

#include "agent/disk/kernel_disks.h"
#include "agent/disk/shared_file_systems.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMostNamed = 8; ///< file systems of one disk in a message

/// None on a disk that cannot be opened: the step's own work names its failure.
std::vector<SharedFileSystem> sharedOn(const wire::Disk& disk)
{
    try {
        return sharedFileSystemsOn(BlockDevice(disk.name, BlockDevice::Access::Read));
    } catch (const Error&) {
        return {};
    }
}

} // namespace

MachineDisks::MachineDisks(Reader read, const wire::DiskRules& rules, std::filesystem::path sys)
    : read_(std::move(read)), skips_(wire::skipListFrom(rules.skip.text)), sys_(std::move(sys)),
      guard_(rules.guardSpecialFileSystems)
{}

std::vector<wire::Disk> MachineDisks::operator()() const
{
    std::vector<wire::Disk> disks = read_();
    wire::applySkips(disks, skips_);
    return disks;
}

void MachineDisks::refuseProtected(const std::vector<wire::Disk>& disks, Chosen chosen) const
{
    std::set<std::string> skipped;
    if (!skips_.empty())
        for (const wire::Disk& disk : (*this)())
            if (disk.skipped)
                skipped.insert(disk.name);
    for (const wire::Disk& disk : disks) {
        if (!disk.candidate || skipped.contains(disk.name))
            throw Error(ErrorCode::Conflict,
                        fmt::format("{} must not be written: {}", disk.name, disk.verdict),
                        "correct properties/skip_block_devices of the node");
        for (const std::string& other : disksInVolumesWith(disk.name, sys_))
            if (skipped.contains(other))
                throw Error(
                    ErrorCode::Conflict,
                    fmt::format("{} and {}, which is skipped, are in one array or volume", disk.name, other),
                    "skip both by properties/skip_block_devices, or neither");
    }
    if (guard_ && chosen == Chosen::ByStep)
        refuseSharedFileSystems(disks);
}

void MachineDisks::refuseSharedFileSystems(const std::vector<wire::Disk>& disks) const
{
    std::string found;
    for (const wire::Disk& disk : disks) {
        const std::vector<SharedFileSystem> shared = sharedOn(disk);
        for (std::size_t i = 0; i < std::min(shared.size(), kMostNamed); ++i)
            found += fmt::format("{}{}: {} on {}", found.empty() ? "" : "; ", wire::describe(disk),
                                 shared[i].name, shared[i].place);
        if (shared.size() > kMostNamed)
            found += fmt::format("; {} more on {}", shared.size() - kMostNamed, disk.name);
    }
    if (!found.empty())
        throw Error(ErrorCode::Conflict, "other machines may use these cluster file systems: " + found,
                    "take the LUN from the machine, or name it in properties/skip_block_devices; to erase "
                    "it: bm node "
                    "set NODE properties/guard_special_filesystems=false");
}

} // namespace bm::agent
