#include "common/wire/agent/disk_rules.h"

#include "common/wire/json/json_input.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr const char* kSkipHint = R"(a list of hints of the disks: [{"serial": "DATA1"}])";

json skipValue(std::string_view text, const std::string& path)
{
    if (text.empty())
        return nullptr;
    json value = json::parse(text, nullptr, false);
    if (value.is_string()) // a list in the form of a text, as some clients send it
        value = json::parse(value.get<std::string>(), nullptr, false);
    if (value.is_discarded())
        throw Error(ErrorCode::InvalidInput, path + " is not JSON", kSkipHint);
    return value;
}

} // namespace

SkipList skipListFrom(std::string_view text, const std::string& path)
{
    const json value = skipValue(text, path);
    if (value.is_null())
        return {};
    if (!value.is_array())
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: expected a list, got {}", path, kindOf(value)),
                    kSkipHint);
    SkipList skips;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string element = fmt::format("{}[{}]", path, i);
        skips.push_back(parseRootDeviceHints(asObjectText(value[i], element).text, element));
        if (skips.back().empty()) // it would match every disk
            throw Error(ErrorCode::InvalidInput, element + ": no hint says which disk", kSkipHint);
    }
    return skips;
}

void applySkips(std::vector<Disk>& disks, const SkipList& skips)
{
    for (Disk& disk : disks)
        for (std::size_t i = 0; i < skips.size() && !disk.skipped; ++i)
            if (matches(disk, skips[i])) {
                disk.skipped = true;
                disk.candidate = false;
                disk.verdict = fmt::format("skipped by properties/skip_block_devices[{}]", i);
            }
}

void refuseSkipped(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints,
                   std::string_view field)
{
    std::string skipped;
    for (const Disk& disk : disks) {
        if (!matches(disk, hints))
            continue;
        if (!disk.skipped)
            return;
        skipped += fmt::format("{}{}", skipped.empty() ? "" : "; ", describe(disk));
    }
    if (skipped.empty())
        return;
    if (hints.empty())
        throw Error(ErrorCode::DiskNotFound, "all disks of the machine are skipped: " + skipped,
                    "correct properties/skip_block_devices of the node");
    throw Error(ErrorCode::DiskNotFound,
                fmt::format("{} ({}) match skipped disks only: {}", field, textOf(hints), skipped),
                "correct the hints, or properties/skip_block_devices of the node");
}

std::vector<Disk> disksFrom(std::string_view text)
{
    return inventoryFromJson(fmt::format(R"({{"disks": {}}})", text)).disks;
}

bool isSameDisk(const Disk& one, const Disk& other)
{
    bool same = false;
    for (const auto member : {&Disk::serial, &Disk::wwnWithExtension}) {
        if ((one.*member).empty() || (other.*member).empty())
            continue;
        if (one.*member != other.*member)
            return false;
        same = true;
    }
    return same || (!one.byPath.empty() && one.byPath == other.byPath);
}

std::vector<Disk> absentFrom(const std::vector<Disk>& present, const std::vector<Disk>& expected)
{
    std::vector<Disk> absent;
    std::ranges::copy_if(expected, std::back_inserter(absent), [&](const Disk& disk) {
        return std::ranges::none_of(present, [&](const Disk& one) {
            return (one.candidate || one.sizeBytes != 0) && isSameDisk(one, disk);
        });
    });
    return absent;
}

std::string describe(const std::vector<Disk>& disks)
{
    std::string text;
    for (const Disk& disk : disks)
        text += fmt::format("{}{}", text.empty() ? "" : "; ", describe(disk));
    return text;
}

} // namespace bm::wire
