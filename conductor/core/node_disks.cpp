#include "conductor/core/node_disks.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/stored_json.h"

#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::Node;
using nlohmann::json;

namespace {

constexpr const char* kSkip = "skip_block_devices";

json storedSkips(const Node& node)
{
    return wire::valueOf(node.properties).value(kSkip, json());
}

std::optional<bool> flagIn(const model::JsonText& values, const char* key)
{
    const json value = wire::valueOf(values).value(key, json());
    try {
        return value.is_null() ? std::nullopt : std::optional<bool>(wire::asBoolean(value, key));
    } catch (const Error&) { // a value that is no boolean turns nothing off
        return true;
    }
}

/// The node's own setting, also as Ironic's driver_info/wipe_special_filesystems.
std::optional<bool> guardOf(const Node& node)
{
    for (const model::JsonText* place : {&node.properties, &node.driverInfo})
        if (const std::optional<bool> guard = flagIn(*place, "guard_special_filesystems"))
            return guard;
    const json wipe = wire::valueOf(node.driverInfo).value("wipe_special_filesystems", json());
    if (wipe == true || wipe == "true" || wipe == "True")
        return false;
    return std::nullopt;
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
    std::vector<wire::Disk> disks;
    try {
        disks = wire::inventoryFromJson(
                    wire::valueOf(node.driverInternalInfo).value("inventory", json::object()).dump())
                    .disks;
    } catch (const Error&) { // the next RAM disk boot replaces it
        return {};
    }
    wire::applySkips(disks, wire::skipListFrom(storedSkips(node).dump()));
    return disks;
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
        wire::refuseSkipped(disks, wire::parseRootDeviceHints(hints.text, "more_disks"));
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
