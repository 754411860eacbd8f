#include "common/wire/agent/root_device.h"

#include "common/text/lower_case.h"
#include "common/text/text.h"
#include "common/wire/agent/disk_rules.h"
#include "common/wire/agent/hint_expression.h"
#include "common/wire/json/json_reader.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;
constexpr std::uint64_t kSmallestRootBytes = 4 * kGiB;

enum class Names : std::uint8_t { OneDisk, OnePlace, Kind }; ///< what a value belongs to

struct HintField {
    std::string_view name;
    bool numeric;
    Names names;
    std::string (*value)(const Disk&);
    std::string (*otherName)(const Disk&) = nullptr; ///< udev's second name of the same; "": none
};

/// The unit's unique id as udev's ID_SERIAL_SHORT, which Ironic's agent takes for the serial number of SCSI
/// disks: the NAA designator without 0x.
std::string unitId(const Disk& disk)
{
    return disk.wwnWithExtension.starts_with("0x") ? disk.wwnWithExtension.substr(2) : std::string();
}

/// udev's second link of a SATA disk: "pci-0000:00:17.0-ata-1" for "pci-0000:00:17.0-ata-1.0".
std::string compatiblePath(const Disk& disk)
{
    const std::size_t port = disk.byPath.rfind("-ata-");
    const std::size_t dot = port == std::string::npos ? port : disk.byPath.find('.', port);
    return dot == std::string::npos ? std::string() : disk.byPath.substr(0, dot);
}

const std::array<HintField, 11>& hintFields()
{
    using enum Names;
    static const std::array<HintField, 11> fields = {{
        {"serial", false, OneDisk, [](const Disk& d) { return d.serial; }, unitId},
        {"wwn", false, OneDisk, [](const Disk& d) { return d.wwn; }},
        {"wwn_with_extension", false, OneDisk, [](const Disk& d) { return d.wwnWithExtension; }},
        {"wwn_vendor_extension", false, OneDisk, [](const Disk& d) { return d.wwnVendorExtension; }},
        {"size", true, Kind, [](const Disk& d) { return std::to_string(d.sizeBytes / kGiB); }},
        {"model", false, Kind, [](const Disk& d) { return d.model; }},
        {"vendor", false, Kind, [](const Disk& d) { return d.vendor; }},
        {"name", false, OnePlace, [](const Disk& d) { return d.name; }},
        {"rotational", false, Kind,
         [](const Disk& d) { return std::string(d.rotational ? "true" : "false"); }},
        {"hctl", false, OnePlace, [](const Disk& d) { return d.hctl; }},
        {"by_path", false, OneDisk, [](const Disk& d) { return d.byPath; }, compatiblePath},
    }};
    return fields;
}

const HintField& fieldOf(const std::string& name, const std::string& path = "root_device")
{
    for (const HintField& field : hintFields())
        if (field.name == name)
            return field;
    std::string known;
    for (const HintField& field : hintFields())
        known += fmt::format("{}{}", known.empty() ? "" : ", ", field.name);
    throw Error(ErrorCode::InvalidInput, fmt::format("{}: unknown hint \"{}\"", path, name),
                "known are: " + known);
}

std::string rotationalText(const std::string& text, const std::string& path)
{
    const std::string value = model::lowerCase(text::trimmed(text));
    for (const std::string_view yes : {"true", "1", "yes", "on", "t", "y"})
        if (value == yes)
            return "true";
    for (const std::string_view no : {"false", "0", "no", "off", "f", "n"})
        if (value == no)
            return "false";
    throw Error(ErrorCode::InvalidInput,
                fmt::format("{}.rotational: \"{}\" is neither true nor false", path, text));
}

std::string expressionOf(const std::string& name, const json& value, const std::string& path)
{
    std::string text;
    if (value.is_string())
        text = value.get<std::string>();
    else if (value.is_boolean() || value.is_number())
        text = value.dump();
    else
        throw Error(ErrorCode::InvalidInput, fmt::format("{}.{}: expected a text or a number, found {}", path,
                                                         name, value.type_name()));
    if (name == "rotational")
        return rotationalText(text, path);
    return text;
}

template <class Disks> std::string describeAll(const Disks& disks)
{
    std::string text;
    for (const Disk& disk : disks)
        text += (text.empty() ? "" : "; ") + describe(disk);
    return text.empty() ? "none" : text;
}

using Choice = std::vector<std::reference_wrapper<const Disk>>;

bool singlesOut(const Choice& choice, const Disk& disk, std::string Disk::*member)
{
    return !(disk.*member).empty() && std::ranges::count_if(choice, [&](const Disk& other) {
                                          return other.*member == disk.*member;
                                      }) == 1;
}

/// The text of a hint that only @p disk among @p choice satisfies.
std::string hintFor(const Choice& choice, const Disk& disk)
{
    json hint;
    if (singlesOut(choice, disk, &Disk::serial))
        hint["serial"] = disk.serial;
    else if (singlesOut(choice, disk, &Disk::wwnWithExtension))
        hint["wwn_with_extension"] = disk.wwnWithExtension;
    else if (singlesOut(choice, disk, &Disk::byPath))
        hint["by_path"] = disk.byPath;
    else if (singlesOut(choice, disk, &Disk::hctl))
        hint["hctl"] = disk.hctl;
    else
        hint["name"] = disk.name;
    return hint.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string hintsFor(const Choice& choice)
{
    std::string text;
    for (const Disk& disk : choice)
        text += fmt::format("{}properties/root_device='{}' for {}", text.empty() ? "" : ", or ",
                            hintFor(choice, disk), disk.name);
    return "say which, with bm node set NODE " + text;
}

const Disk* rememberedIn(const Choice& choice, const std::optional<RememberedDisk>& remembered)
{
    if (!remembered)
        return nullptr;
    const auto isOther = [&](const Disk& disk) { // a WWN may belong to several disks
        return !remembered->serial.empty() && !disk.serial.empty() && disk.serial != remembered->serial;
    };
    for (const auto& [given, member] :
         {std::pair{remembered->wwnWithExtension, &Disk::wwnWithExtension},
          std::pair{remembered->wwn, &Disk::wwn}, std::pair{remembered->serial, &Disk::serial}})
        for (const Disk& disk : choice)
            if (!given.empty() && disk.*member == given && singlesOut(choice, disk, member) && !isOther(disk))
                return &disk;
    return nullptr;
}

[[noreturn]] void refuseSeveral(const Choice& choice, const std::vector<RootDeviceHint>& hints)
{
    throw Error(ErrorCode::DiskAmbiguous,
                fmt::format("{} disks may hold the image{}: {}", choice.size(),
                            hints.empty() ? "" : fmt::format(" by the hints ({})", textOf(hints)),
                            describeAll(choice)),
                hintsFor(choice));
}

/// @throws Error DiskAmbiguous also for hints that leave two disks of the smallest size
const Disk& smallest(const Choice& choice, const std::vector<RootDeviceHint>& hints)
{
    if (nameOneDisk(hints))
        refuseSeveral(choice, hints);
    Choice found;
    for (const Disk& disk : choice) {
        if (disk.sizeBytes < kSmallestRootBytes)
            continue;
        if (!found.empty() && disk.sizeBytes < found.front().get().sizeBytes)
            found.clear();
        if (found.empty() || disk.sizeBytes == found.front().get().sizeBytes)
            found.emplace_back(disk);
    }
    if (found.empty())
        throw Error(ErrorCode::DiskNotFound, "no disk of at least 4 GiB: " + describeAll(choice),
                    "name the disk by a root device hint");
    if (found.size() > 1 && !hints.empty())
        refuseSeveral(found, hints);
    return found.front();
}

} // namespace

std::string describe(const Disk& disk)
{
    std::string text = fmt::format("{} ({:.1f} GiB", disk.name,
                                   static_cast<double>(disk.sizeBytes) / static_cast<double>(kGiB));
    if (!disk.model.empty())
        text += fmt::format(", {}", disk.model);
    if (!disk.serial.empty())
        text += fmt::format(", serial {}", disk.serial);
    if (!disk.wwn.empty())
        text += fmt::format(", wwn {}", disk.wwn);
    text += ")";
    if (!disk.candidate)
        text += fmt::format(" [{}]", disk.verdict);
    return text;
}

std::string textOf(const std::vector<RootDeviceHint>& hints)
{
    std::string text;
    for (const RootDeviceHint& hint : hints)
        text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", hint.name, hint.expression);
    return text;
}

std::vector<RootDeviceHint> parseRootDeviceHints(std::string_view text, const std::string& path)
{
    std::vector<RootDeviceHint> hints;
    const json object = parseObject(text, path);
    for (const auto& [name, value] : object.items()) {
        const HintField& field = fieldOf(name, path);
        if (value.is_null())
            continue;
        RootDeviceHint hint{name, expressionOf(name, value, path)};
        try {
            checkExpression(hint.expression, field.numeric);
        } catch (const Error& error) {
            throw error.during(fmt::format("{}.{}", path, name));
        }
        hints.push_back(std::move(hint));
    }
    return hints;
}

bool matches(const Disk& disk, const std::vector<RootDeviceHint>& hints)
{
    return std::ranges::all_of(hints, [&](const RootDeviceHint& hint) {
        const HintField& field = fieldOf(hint.name);
        std::vector<std::string> values{field.value(disk)};
        if (field.otherName != nullptr)
            values.push_back(field.otherName(disk));
        std::erase(values, "");
        const auto fits = [&](const std::string& value) {
            return satisfies(value, hint.expression, field.numeric);
        };
        return !values.empty() && (isNegation(hint.expression) ? std::ranges::all_of(values, fits)
                                                               : std::ranges::any_of(values, fits));
    });
}

bool nameOneDisk(const std::vector<RootDeviceHint>& hints)
{
    return std::ranges::any_of(hints, [](const RootDeviceHint& hint) {
        return fieldOf(hint.name).names != Names::Kind && namesOneValue(hint.expression);
    });
}

bool stayWithDisk(const std::vector<RootDeviceHint>& hints)
{
    return std::ranges::any_of(hints, [](const RootDeviceHint& hint) {
        return fieldOf(hint.name).names == Names::OneDisk && namesOneValue(hint.expression);
    });
}

void refuseTwins(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints)
{
    Choice choice;
    for (const Disk& disk : disks)
        if (disk.candidate && matches(disk, hints))
            choice.emplace_back(disk);
    if (choice.size() > 1 && nameOneDisk(hints))
        refuseSeveral(choice, hints);
}

RootDevicePolicy rootDevicePolicyFromText(std::string_view text)
{
    if (text == "single" || text.empty())
        return RootDevicePolicy::Single;
    if (text == "smallest")
        return RootDevicePolicy::Smallest;
    throw Error(ErrorCode::InvalidInput,
                fmt::format("root_device_policy: \"{}\" is neither single nor smallest", text));
}

const Disk& pickRootDevice(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints,
                           RootDevicePolicy policy, const std::optional<RememberedDisk>& remembered)
{
    Choice choice;
    for (const Disk& disk : disks)
        if (disk.candidate && matches(disk, hints))
            choice.emplace_back(disk);
    if (choice.empty())
        refuseSkipped(disks, hints);
    if (choice.empty() && hints.empty())
        throw Error(
            ErrorCode::DiskNotFound, "no disk is a candidate for an image: " + describeAll(disks),
            "is the controller's driver in the RAM disk? is the disk configured in the RAID controller?");
    if (choice.empty())
        throw Error(
            ErrorCode::DiskNotFound,
            fmt::format("no disk matches the root device hints ({}): {}", textOf(hints), describeAll(disks)),
            "correct properties/root_device of the node");
    if (choice.size() == 1)
        return choice.front();
    if (const Disk* found = rememberedIn(choice, remembered))
        return *found;
    if (policy == RootDevicePolicy::Smallest)
        return smallest(choice, hints);
    refuseSeveral(choice, hints);
}

std::vector<Disk> pickMirror(const std::vector<Disk>& disks, const std::vector<RootDeviceHint>& hints)
{
    std::vector<Disk> pair;
    std::ranges::copy_if(disks, std::back_inserter(pair),
                         [&](const Disk& disk) { return disk.candidate && matches(disk, hints); });
    if (pair.size() < 2)
        throw Error(ErrorCode::DiskNotFound, "a mirror needs two disks: " + describeAll(disks),
                    "use a layout without mirror, or widen properties/root_device");
    if (pair.size() > 2)
        throw Error(ErrorCode::DiskAmbiguous,
                    fmt::format("a mirror needs two disks, {} match: {}", pair.size(), describeAll(disks)),
                    "narrow properties/root_device, for example by model or size");
    return pair;
}

} // namespace bm::wire
