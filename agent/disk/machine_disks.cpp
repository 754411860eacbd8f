#include "agent/disk/machine_disks.h"

#include "agent/disk/kernel_disks.h"
#include "agent/disk/shared_file_systems.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kMostNamed = 8; ///< file systems of one disk in a message
constexpr std::chrono::seconds kPoll{1};
constexpr std::chrono::seconds kLateDisk{30};
constexpr std::chrono::seconds kNamedDisk{120};

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

MachineDisks::MachineDisks(Reader read, const wire::DiskRules& rules, std::filesystem::path sys,
                           DiskPatience patience)
    : read_(std::move(read)), skips_(wire::skipListFrom(rules.skip.text)), sys_(std::move(sys)),
      patience_(std::move(patience)), guard_(rules.guardSpecialFileSystems)
{
    if (rules.expected)
        expected_ = wire::disksFrom(rules.expected->text);
    wire::applySkips(expected_, skips_);
    std::erase_if(expected_, [](const wire::Disk& disk) { return disk.skipped; });
}

std::vector<wire::Disk> MachineDisks::operator()() const
{
    if (!std::exchange(hasWaited_, true))
        await(kLateDisk, [&] { return lackOfDisks(); });
    return now();
}

void MachineDisks::awaitChoice(bool nameOneDisk,
                               const std::function<void(const std::vector<wire::Disk>&)>& choose) const
{
    std::optional<Error> lack;
    await(nameOneDisk ? kNamedDisk : kLateDisk, [&]() -> std::string {
        try {
            choose(now());
            lack.reset();
            return {};
        } catch (const Error& error) {
            if (error.code() != ErrorCode::DiskNotFound)
                throw;
            lack = error;
            return error.message();
        }
    });
    if (lack)
        throw Error(*lack);
}

std::vector<wire::Disk> MachineDisks::absent() const
{
    return wire::absentFrom(read_(), expected_);
}

std::vector<wire::Disk> MachineDisks::now() const
{
    std::vector<wire::Disk> disks = read_();
    wire::applySkips(disks, skips_);
    return disks;
}

std::string MachineDisks::lackOfDisks() const
{
    const std::vector<wire::Disk> disks = read_();
    const bool hasDisk = std::ranges::any_of(disks, [](const wire::Disk& disk) {
        return disk.candidate || disk.verdict.starts_with(wire::kMultipathMember);
    });
    if (!hasDisk)
        return "the machine has no disk";
    return wire::describe(wire::absentFrom(disks, expected_));
}

/// Waits until @p lack returns "", @p span at most.
void MachineDisks::await(std::chrono::seconds span, const std::function<std::string()>& lack) const
{
    std::string lacking = lack();
    if (lacking.empty() || !patience_.pause)
        return;
    patience_.says(fmt::format("waiting for a disk, up to {} s: {}", span.count(), lacking));
    for (std::chrono::seconds waited{0}; !lacking.empty() && waited < span; waited += kPoll) {
        patience_.pause(kPoll);
        lacking = lack();
    }
    if (lacking.empty())
        patience_.says("no disk is absent any more");
    else
        patience_.gaveUp(fmt::format("still absent after {} s: {}", span.count(), lacking));
}

void MachineDisks::refuseProtected(const std::vector<wire::Disk>& disks, Chosen chosen) const
{
    std::set<std::string> skipped;
    if (!skips_.empty())
        for (const wire::Disk& disk : now())
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
