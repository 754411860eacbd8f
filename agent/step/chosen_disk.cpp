#include "agent/step/chosen_disk.h"

#include "common/model/error.h"

#include <algorithm>
#include <cmath>

namespace bm::agent {

using wire::Disk;
using wire::DiskChoice;

Disk chooseDisk(const DiskChoice& choice, const StepContext& context)
{
    return wire::chosenDisk(context.disks(), choice);
}

Disk chooseDiskToRead(const DiskChoice& choice, const StepContext& context)
{
    const std::vector<Disk> disks = context.disks();
    const std::vector<wire::RootDeviceHint> hints = hintsOf(choice);
    const bool fits = std::ranges::any_of(
        disks, [&](const Disk& disk) { return disk.candidate && wire::matches(disk, hints); });
    return wire::chosenDisk(fits || hints.empty() ? disks : context.disks.unruled(), choice);
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
    return wire::pickMirror(context.disks(), hintsOf(choice));
}

std::vector<Disk> chooseMoreDisks(const std::vector<model::JsonText>& hints, const StepContext& context,
                                  const Disk& first)
{
    std::vector<Disk> out;
    const std::vector<Disk> disks = context.disks();
    for (const model::JsonText& each : hints) {
        const Disk& disk = wire::pickRootDevice(disks, wire::parseRootDeviceHints(each.text),
                                                wire::RootDevicePolicy::Single);
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
