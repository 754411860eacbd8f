#include "common/wire/resources/raid_config.h"

#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/schema_words.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr auto kRaidLevels =
    std::to_array<std::string_view>({"0", "1", "2", "5", "6", "1+0", "5+0", "6+0", "JBOD"});

void checkLogicalDisk(const json& disk, const std::string& where)
{
    if (!disk.is_object())
        throw notOfType(where, disk, "'object'");
    refuseUnknown(disk,
                  {"raid_level", "size_gb", "is_root_volume", "volume_name", "share_physical_disks",
                   "disk_type", "interface_type", "number_of_physical_disks", "controller", "physical_disks"},
                  where);
    if (memberOf(disk, "raid_level") == nullptr)
        throw missingProperty(where, "raid_level");
    const std::string level = asString(disk.at("raid_level"), where + ".raid_level");
    if (std::ranges::find(kRaidLevels, level) == kRaidLevels.end())
        throw notOneOf(where + ".raid_level", level, kRaidLevels);
    const json* size = memberOf(disk, "size_gb");
    const bool most = size != nullptr && size->is_string() && *size == "MAX";
    constexpr std::int64_t kMostGib = 1'000'000;
    if (size == nullptr)
        throw missingProperty(where, "size_gb", "use a number of GiB, or \"MAX\"");
    if (!most)
        asInteger(*size, where + ".size_gb", 1, kMostGib);
}

bool isRoot(const json& disk, const std::string& where)
{
    const json* root = memberOf(disk, "is_root_volume");
    return root != nullptr && asBoolean(*root, where + ".is_root_volume");
}

} // namespace

void checkLogicalDisks(const json& disks, const std::string& field)
{
    if (!disks.is_array())
        throw notOfType(field, disks, "'array'");
    if (disks.empty())
        throw tooShort(field, "[]", "{} clears the configuration");
    std::size_t roots = 0;
    for (std::size_t i = 0; i < disks.size(); ++i) {
        const std::string where = fmt::format("{}[{}]", field, i);
        checkLogicalDisk(disks[i], where);
        roots += isRoot(disks[i], where) ? 1U : 0U;
    }
    if (roots > 1)
        throw Error(ErrorCode::InvalidInput, field + ": is_root_volume is set more than once");
}

void checkRaidConfig(const json& config, const std::string& field)
{
    if (!config.is_object())
        throw notOfType(field, config, "'object'", R"({"logical_disks": [...]})");
    const json* disks = memberOf(config, "logical_disks");
    if (disks == nullptr)
        throw missingProperty(field, "logical_disks", R"({"logical_disks": [...]})");
    refuseUnknown(config, {"logical_disks"}, field);
    checkLogicalDisks(*disks, field + ".logical_disks");
}

} // namespace bm::wire
