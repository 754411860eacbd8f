#include "agent/step/chosen_disk.h"

#include "common/model/error.h"

#include <algorithm>

namespace bm::agent {

using nlohmann::json;
using wire::Disk;
using wire::JsonReader;

namespace {

std::optional<wire::RememberedDisk> rememberedFrom(const JsonReader& in)
{
    if (!in.has("remembered"))
        return std::nullopt;
    const JsonReader remembered = in.object("remembered");
    return wire::RememberedDisk{remembered.text("wwn"), remembered.text("serial")};
}

std::vector<wire::RootDeviceHint> hintsFrom(const JsonReader& in)
{
    const json& hints = in.value("root_device");
    const std::string text = hints.is_null()     ? "{}"
                             : hints.is_string() ? hints.get<std::string>()
                                                 : hints.dump();
    return wire::parseRootDeviceHints(text.empty() ? "{}" : text);
}

} // namespace

Disk chooseDisk(const JsonReader& in, const StepContext& context)
{
    const std::vector<Disk> disks = context.disks();
    return wire::pickRootDevice(disks, hintsFrom(in),
                                wire::rootDevicePolicyFromText(in.text("root_device_policy")),
                                rememberedFrom(in));
}

std::vector<Disk> chooseDisks(const JsonReader& in, const StepContext& context, bool mirror)
{
    if (!mirror)
        return {chooseDisk(in, context)};
    return wire::pickMirror(context.disks(), hintsFrom(in));
}

std::vector<Disk> chooseMoreDisks(const JsonReader& in, const StepContext& context, const Disk& first)
{
    std::vector<Disk> out;
    const json& given = in.value("more_disks");
    if (given.is_null())
        return out;
    const std::vector<Disk> disks = context.disks();
    for (const json& hints : given) {
        const Disk& disk = wire::pickRootDevice(disks, wire::parseRootDeviceHints(hints.dump()),
                                                wire::RootDevicePolicy::Single);
        const auto same = [&](const Disk& other) { return other.name == disk.name; };
        if (same(first) || std::ranges::any_of(out, same))
            throw model::Error(model::ErrorCode::InvalidInput,
                               "several hints single out " + disk.name + ", each disk is meant once",
                               "name each disk by its serial or wwn");
        out.push_back(disk);
    }
    return out;
}

std::string absoluteUrl(const StepContext& context, const std::string& url)
{
    return url.starts_with('/') ? context.apiBase + url : url;
}

json identityOf(const Disk& disk)
{
    return {{"name", disk.name},
            {"wwn", disk.wwn},
            {"serial", disk.serial},
            {"size_bytes", disk.sizeBytes},
            {"model", disk.model}};
}

model::JsonText resultText(const json& value)
{
    return {value.dump(-1, ' ', false, json::error_handler_t::replace)};
}

} // namespace bm::agent
