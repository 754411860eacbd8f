#include "common/wire/steps/disk_parts.h"

namespace bm::wire {

DiskIdentity identityOf(const Disk& disk)
{
    DiskIdentity identity{disk.name, disk.wwn, disk.serial, disk.sizeBytes, disk.model};
    if (disk.wwnWithExtension != disk.wwn)
        identity.wwnWithExtension = disk.wwnWithExtension;
    return identity;
}

std::vector<RootDeviceHint> hintsOf(const DiskChoice& choice)
{
    const nlohmann::json given = nlohmann::json::parse(choice.rootDevice.text, nullptr, false);
    std::string text = choice.rootDevice.text;
    if (given.is_string()) // an object in the form of a text, as Ironic's instance_info may hold it
        text = given.get<std::string>();
    return parseRootDeviceHints(text.empty() ? "{}" : text);
}

const Disk& chosenDisk(const std::vector<Disk>& disks, const DiskChoice& choice)
{
    std::optional<RememberedDisk> remembered;
    if (choice.remembered)
        remembered = RememberedDisk{choice.remembered->wwn, choice.remembered->serial,
                                    choice.remembered->wwnWithExtension.value_or(choice.remembered->wwn)};
    return pickRootDevice(disks, hintsOf(choice), rootDevicePolicyFromText(choice.policy), remembered);
}

} // namespace bm::wire
