#include "agent/step/chosen_disk.h"

#include "common/model/error.h"

#include <algorithm>
#include <cmath>

namespace bm::agent {

using wire::Disk;
using wire::DiskChoice;

namespace {

using Hints = std::vector<wire::RootDeviceHint>;

/// Refuses a choice that an absent disk may change, unless @p hints stay with their disk.
void refuseUncertain(const Hints& hints, const StepContext& context)
{
    if (wire::stayWithDisk(hints))
        return;
    std::vector<Disk> absent = context.disks.absent();
    std::erase_if(absent, [&](const Disk& disk) { return !wire::matches(disk, hints); });
    if (!absent.empty())
        throw model::Error(model::ErrorCode::DiskNotFound,
                           "bm chooses no disk while disks that the machine had are absent: " +
                               wire::describe(absent),
                           "connect them, or name the disk by a hint, for example its serial number; for a "
                           "disk that was taken "
                           "out: bm node set NODE 'properties/skip_block_devices=[{\"serial\": \"...\"}]'");
}

bool isRemembered(const Disk& disk, const DiskChoice& choice)
{
    if (!choice.remembered)
        return false;
    Disk last;
    last.serial = choice.remembered->serial;
    last.wwnWithExtension = choice.remembered->wwnWithExtension.value_or(choice.remembered->wwn);
    return wire::isSameDisk(disk, last);
}

/// The answer of @p choose, once it finds its disks by @p hints. Hints that match skipped disks only wait for
/// none.
template <class Choose> auto onceFound(const Hints& hints, const StepContext& context, const Choose& choose)
{
    const bool lasting = wire::stayWithDisk(hints); // then other absent disks do not matter
    wire::refuseSkipped(lasting ? context.disks.now() : context.disks(), hints);
    return context.disks.onceFound(wire::nameOneDisk(hints), choose);
}

/// Refuses an uncertain choice of a disk that does not hold the last deployment.
Disk certain(Disk chosen, const DiskChoice& choice, const Hints& hints, const StepContext& context)
{
    if (!isRemembered(chosen, choice))
        refuseUncertain(hints, context);
    return chosen;
}

} // namespace

Disk chooseDisk(const DiskChoice& choice, const StepContext& context)
{
    const Hints hints = hintsOf(choice);
    return certain(onceFound(hints, context,
                             [&](const std::vector<Disk>& disks) { return wire::chosenDisk(disks, choice); }),
                   choice, hints, context);
}

Disk chooseDiskToRead(const DiskChoice& choice, const StepContext& context)
{
    const Hints hints = hintsOf(choice);
    if (!wire::stayWithDisk(hints))
        context.disks(); // waits for the disks that the machine had
    const auto chosen = [&](const std::vector<Disk>& disks) -> Disk {
        const bool fits = std::ranges::any_of(
            disks, [&](const Disk& disk) { return disk.candidate && wire::matches(disk, hints); });
        return wire::chosenDisk(fits || hints.empty() ? disks : context.disks.unruled(), choice);
    };
    return certain(context.disks.onceFound(wire::nameOneDisk(hints), chosen), choice, hints, context);
}

MachineDisks::Chosen howChosen(const DiskChoice& choice, const std::vector<Disk>& chosen)
{
    const auto isRemembered = [&](const Disk& disk) {
        const wire::DiskIdentity known = choice.remembered.value_or(wire::DiskIdentity{});
        const bool isOther = !known.serial.empty() && !disk.serial.empty() && known.serial != disk.serial;
        return !isOther && ((!known.wwn.empty() && known.wwn == disk.wwn) ||
                            (!known.serial.empty() && known.serial == disk.serial));
    };
    return !hintsOf(choice).empty() || std::ranges::all_of(chosen, isRemembered)
               ? MachineDisks::Chosen::ByName
               : MachineDisks::Chosen::ByStep;
}

std::vector<Disk> chooseDisks(const DiskChoice& choice, const StepContext& context, bool mirror)
{
    if (!mirror)
        return {chooseDisk(choice, context)};
    const Hints hints = hintsOf(choice);
    std::vector<Disk> pair = onceFound(
        hints, context, [&](const std::vector<Disk>& disks) { return wire::pickMirror(disks, hints); });
    refuseUncertain(hints, context);
    return pair;
}

std::vector<Disk> chooseMoreDisks(const std::vector<model::JsonText>& hints, const StepContext& context,
                                  const Disk& first)
{
    std::vector<Disk> out;
    for (const model::JsonText& each : hints) {
        const Hints wanted = wire::parseRootDeviceHints(each.text);
        const Disk disk = onceFound(wanted, context, [&](const std::vector<Disk>& disks) -> Disk {
            return wire::pickRootDevice(disks, wanted, wire::RootDevicePolicy::Single);
        });
        refuseUncertain(wanted, context);
        const auto same = [&](const Disk& other) { return other.name == disk.name; };
        if (same(first) || std::ranges::any_of(out, same))
            throw model::Error(model::ErrorCode::InvalidInput,
                               "several hints select " + disk.name + "; each disk may be selected once",
                               "name each disk by its serial or wwn");
        out.push_back(disk);
    }
    return out;
}

std::string absoluteUrl(const StepContext& context, const std::string& url)
{
    return url.starts_with('/') ? context.apiBase + url : url;
}

double roundedSeconds(double seconds)
{
    return std::round(seconds * 1000) / 1000;
}

double megabytesPerSecond(std::uint64_t bytes, double seconds)
{
    return std::round(static_cast<double>(bytes) / 1e5 / std::max(seconds, 0.001)) / 10;
}

} // namespace bm::agent
