#include "agent/chosen_disk.h"

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
