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

} // namespace

Disk chooseDisk(const JsonReader& in, const StepContext& context)
{
    const json& hints = in.value("root_device");
    const std::string hintText = hints.is_null()     ? "{}"
                                 : hints.is_string() ? hints.get<std::string>()
                                                     : hints.dump();
    const std::vector<Disk> disks = context.disks();
    return wire::pickRootDevice(disks, wire::parseRootDeviceHints(hintText.empty() ? "{}" : hintText),
                                wire::rootDevicePolicyFromText(in.text("root_device_policy")),
                                rememberedFrom(in));
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
