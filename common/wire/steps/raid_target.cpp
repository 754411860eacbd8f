#include "common/wire/steps/raid_target.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/json_reader.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMostGiB = std::uint64_t{1} << 24U; ///< 16 EiB would not fit into bytes
constexpr std::size_t kMostVolumes = 64;                    ///< fewer than a GPT has entries
constexpr std::size_t kMostNameBytes = 32;                  ///< mdadm's

struct LevelText {
    RaidLevel level;
    std::string_view text;
    std::size_t fewest;
};
constexpr std::array kLevels = {LevelText{RaidLevel::Raid0, "0", 2}, LevelText{RaidLevel::Raid1, "1", 2},
                                LevelText{RaidLevel::Raid5, "5", 3}, LevelText{RaidLevel::Raid6, "6", 4},
                                LevelText{RaidLevel::Raid10, "1+0", 4}};

[[noreturn]] void refuse(const std::string& path, const std::string& what, const std::string& hint = {})
{
    throw Error(ErrorCode::InvalidInput, path + ": " + what, hint);
}

RaidLevel levelFrom(const json& value, const std::string& path)
{
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    for (const LevelText& known : kLevels)
        if (known.text == text)
            return known.level;
    refuse(path, fmt::format("\"{}\" is not a level of software RAID", text), "0, 1, 1+0, 5 or 6");
}

std::optional<std::uint64_t> sizeFrom(const json& value, const std::string& path)
{
    if (value == "MAX")
        return std::nullopt;
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 ||
        value.get<std::uint64_t>() > kMostGiB)
        refuse(path, "expected a number of GiB above 0, or \"MAX\"");
    return value.get<std::uint64_t>() * kGiB;
}

std::string nameFrom(const json& value, const std::string& path)
{
    if (value.is_null())
        return {};
    constexpr std::string_view kFit = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    std::string name = value.is_string() ? value.get<std::string>() : std::string{};
    if (name.empty() || name.size() > kMostNameBytes || name.front() == '-' ||
        name.find_first_not_of(kFit) != std::string::npos)
        refuse(path, "expected up to 32 letters, digits, dots, dashes and underlines");
    return name;
}

std::vector<std::vector<RootDeviceHint>> hintsFrom(const json& value, const std::string& path)
{
    std::vector<std::vector<RootDeviceHint>> out;
    if (value.is_null())
        return out;
    if (!value.is_array())
        refuse(path, "expected a list of hints, one object per disk");
    for (const json& hints : value) {
        if (!hints.is_object() || hints.empty())
            refuse(path, "expected hints such as {\"serial\": \"...\"}",
                   "software RAID takes root device hints, one object per disk");
        out.push_back(parseRootDeviceHints(hints.dump()));
    }
    return out;
}

LogicalDisk logicalDiskFrom(const json& object, const std::string& path)
{
    constexpr std::array<std::string_view, 6> kKnown = {"size_gb",        "raid_level",  "controller",
                                                        "physical_disks", "volume_name", "is_root_volume"};
    if (!object.is_object())
        refuse(path, "expected an object");
    for (const auto& [name, value] : object.items())
        if (std::ranges::find(kKnown, name) == kKnown.end())
            refuse(fmt::format("{}.{}", path, name), "software RAID has no such property");
    const JsonReader in(object, path);
    if (in.text("controller") != "software")
        refuse(path + ".controller", "the agent makes software RAID only", "\"controller\": \"software\"");
    LogicalDisk disk;
    disk.sizeBytes = sizeFrom(in.value("size_gb"), path + ".size_gb");
    disk.level = levelFrom(in.value("raid_level"), path + ".raid_level");
    disk.physicalDisks = hintsFrom(in.value("physical_disks"), path + ".physical_disks");
    disk.volumeName = nameFrom(in.value("volume_name"), path + ".volume_name");
    disk.isRootVolume = in.flag("is_root_volume");
    if (!disk.physicalDisks.empty() && disk.physicalDisks.size() < fewestDisks(disk.level))
        refuse(path + ".physical_disks",
               fmt::format("RAID {} needs {} disks at least", toText(disk.level), fewestDisks(disk.level)));
    return disk;
}

void checkTogether(const std::vector<LogicalDisk>& disks, const std::string& path)
{
    if (disks.empty())
        refuse(path, "no logical disk remains to be made", "see create_root_volume, create_nonroot_volumes");
    if (disks.size() > kMostVolumes)
        refuse(path, fmt::format("{} logical disks; at most {} are possible", disks.size(), kMostVolumes));
    if (disks.front().level != RaidLevel::Raid1)
        refuse(path + "[0].raid_level", "the first logical disk must be RAID 1: machines start from it");
    if (std::ranges::count_if(disks, [](const LogicalDisk& disk) { return !disk.sizeBytes; }) > 1)
        refuse(path, "several logical disks have the size \"MAX\"");
    for (std::size_t i = 0; i < disks.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (!disks[i].volumeName.empty() && disks[i].volumeName == disks[j].volumeName)
                refuse(path, "two logical disks are called " + disks[i].volumeName);
}

} // namespace

Error noRaidTarget()
{
    return {ErrorCode::InvalidInput, "the node has no target_raid_config",
            R"(PUT /v1/nodes/NODE/states/raid {"logical_disks": [{"size_gb": "MAX", "raid_level": "1", )"
            R"("controller": "software"}]})"};
}

std::string_view toText(RaidLevel level) noexcept
{
    for (const LevelText& known : kLevels)
        if (known.level == level)
            return known.text;
    return "?";
}

std::size_t fewestDisks(RaidLevel level) noexcept
{
    for (const LevelText& known : kLevels)
        if (known.level == level)
            return known.fewest;
    return 0;
}

std::vector<LogicalDisk> logicalDisksFrom(const RaidCreateArguments& in)
{
    const std::string path = "target_raid_config.logical_disks";
    const json target = parseObject(in.targetRaidConfig.text, "target_raid_config");
    const json list = target.value("logical_disks", json());
    if (!list.is_array())
        refuse(path, "expected a list");
    std::vector<LogicalDisk> disks;
    for (const json& object : list) {
        LogicalDisk disk = logicalDiskFrom(object, fmt::format("{}[{}]", path, disks.size()));
        if (disk.isRootVolume ? in.createRootVolume : in.createNonrootVolumes)
            disks.push_back(std::move(disk));
    }
    checkTogether(disks, path);
    return disks;
}

} // namespace bm::wire
