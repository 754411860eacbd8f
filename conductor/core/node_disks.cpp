#include "conductor/core/node_disks.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::Node;
using nlohmann::json;

namespace {

constexpr const char* kSkip = "skip_block_devices";
constexpr const char* kLastInventory = "inventory";
constexpr const char* kMissingDisks = "missing_disks";
constexpr std::size_t kMostMissing = 64;

/// Empty where @p holder has no readable list of disks.
std::vector<wire::Disk> disksIn(const json& holder, const char* key)
{
    try {
        return wire::disksFrom(holder.value(key, json::array()).dump());
    } catch (const Error&) { // the next RAM disk boot replaces it
        return {};
    }
}

std::vector<wire::Disk> disksOfInventory(const json& internal)
{
    const json inventory = internal.value(kLastInventory, json());
    return inventory.is_object() ? disksIn(inventory, "disks") : std::vector<wire::Disk>{};
}

/// True if one of @p fresh, which the machine did not have before, is at the place of @p old.
bool isReplaced(const wire::Disk& old, const std::vector<wire::Disk>& fresh)
{
    return !old.byPath.empty() && std::ranges::any_of(fresh, [&](const wire::Disk& disk) {
        return disk.candidate && disk.byPath == old.byPath;
    });
}

json storedSkips(const Node& node)
{
    return wire::valueOf(node.properties).value(kSkip, json());
}

/// @param otherwise  of a value that is no boolean, which older releases stored
std::optional<bool> flagIn(const model::JsonText& values, const char* key, bool otherwise)
{
    const json value = wire::valueOf(values).value(key, json());
    try {
        return value.is_null() ? std::nullopt : std::optional<bool>(wire::asBoolean(value, key));
    } catch (const Error&) {
        return otherwise;
    }
}

/// The node's own setting, also as Ironic's driver_info/wipe_special_filesystems.
std::optional<bool> guardOf(const Node& node)
{
    for (const model::JsonText* place : {&node.properties, &node.driverInfo})
        if (const std::optional<bool> guard = flagIn(*place, "guard_special_filesystems", true))
            return guard;
    const std::optional<bool> wipe = flagIn(node.driverInfo, "wipe_special_filesystems", false);
    return wipe == true ? std::optional(false) : std::nullopt;
}

} // namespace

wire::DiskRules diskRulesOf(const Node& node, const Settings& settings)
{
    return {.skip = wire::canonical(storedSkips(node)),
            .guardSpecialFileSystems = guardOf(node).value_or(settings.guardSpecialFileSystems)};
}

bool skipsDisks(const Node& node)
{
    const json skips = storedSkips(node);
    return !skips.is_null() && skips != json::array();
}

std::optional<std::string> rootDeviceOf(const Node& node)
{
    for (const model::JsonText* place : {&node.instanceInfo, &node.properties})
        if (std::string hints = wire::textMember(wire::valueOf(*place), "root_device"); !hints.empty())
            return hints;
    return std::nullopt;
}

std::vector<wire::Disk> lastSeenDisks(const Node& node)
{
    std::vector<wire::Disk> disks = disksOfInventory(wire::valueOf(node.driverInternalInfo));
    wire::applySkips(disks, wire::skipListFrom(storedSkips(node).dump()));
    return disks;
}

void keepInventory(Node& node, const model::JsonText& inventory)
{
    json internal = wire::valueOf(node.driverInternalInfo);
    std::vector<wire::Disk> known = disksIn(internal, kMissingDisks);
    for (const wire::Disk& disk : disksOfInventory(internal))
        if (disk.candidate && !disk.removable && wire::isSameDisk(disk, disk)) // else nothing identifies it
            known.push_back(disk);
    internal[kLastInventory] = wire::valueOf(inventory);
    const std::vector<wire::Disk> present = disksOfInventory(internal);
    const std::vector<wire::Disk> fresh = wire::absentFrom(known, present);
    std::vector<wire::Disk> missing = wire::absentFrom(present, known);
    std::erase_if(missing, [&](const wire::Disk& old) { return isReplaced(old, fresh); });
    missing.resize(std::min(missing.size(), kMostMissing));
    internal.erase(kMissingDisks);
    for (const wire::Disk& disk : missing)
        internal[kMissingDisks].push_back(wire::valueOf(wire::toJson(disk)));
    node.driverInternalInfo = wire::canonical(internal);
}

std::optional<model::JsonText> missingDisks(const Node& node)
{
    if (node.driverInternalInfo.text.find(kMissingDisks) == std::string::npos) // most nodes: no need to parse
        return std::nullopt;
    const json internal = wire::valueOf(node.driverInternalInfo);
    return internal.contains(kMissingDisks) ? std::optional(wire::canonical(internal.at(kMissingDisks)))
                                            : std::nullopt;
}

void forgetMissingDisks(Node& node)
{
    json internal = wire::valueOf(node.driverInternalInfo);
    internal.erase(kMissingDisks);
    node.driverInternalInfo = wire::canonical(internal);
}

void refuseSkippedDisks(const Node& node, const wire::DeployOptions& options)
{
    if (!skipsDisks(node))
        return;
    const std::vector<wire::Disk> disks = lastSeenDisks(node);
    const std::string root =
        options.rootDevice ? options.rootDevice->text : rootDeviceOf(node).value_or("{}");
    wire::refuseSkipped(disks, wire::parseRootDeviceHints(root));
    for (const model::JsonText& hints : options.moreDisks.value_or(std::vector<model::JsonText>{}))
        wire::refuseSkipped(disks, wire::parseRootDeviceHints(hints.text, "more_disks"),
                            "the hints of more_disks");
}

std::string skippedDisksText(const Node& node)
{
    if (!skipsDisks(node))
        return {};
    std::string names;
    for (const wire::Disk& disk : lastSeenDisks(node))
        if (disk.skipped)
            names += fmt::format("{}{}", names.empty() ? "never writes " : "; ", wire::describe(disk));
    return names;
}

} // namespace bm::conductor
