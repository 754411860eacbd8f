#include "conductor/steps/disk_choice.h"

#include "conductor/core/json_values.h"

namespace bm::conductor {

using nlohmann::json;

namespace {

std::string rootDeviceJson(const StepWork& work, const json& request)
{
    if (std::string given = textMember(request, "root_device"); !given.empty())
        return given;
    if (std::string hints = textMember(valueOf(work.node.instanceInfo), "root_device"); !hints.empty())
        return hints;
    if (std::string hints = textMember(valueOf(work.node.properties), "root_device"); !hints.empty())
        return hints;
    const auto byClass = work.context.settings.rootDeviceByClass.find(work.node.resourceClass);
    return byClass == work.context.settings.rootDeviceByClass.end() ? "{}" : byClass->second;
}

} // namespace

json diskChoice(const StepWork& work)
{
    const json internal = valueOf(work.node.driverInternalInfo);
    json choice;
    choice["root_device"] = parseGiven(rootDeviceJson(work, valueOf(work.operation.request)), "root_device");
    choice["root_device_policy"] = work.context.settings.smallestDisk ? "smallest" : "single";
    choice["remembered"] = internal.contains("deployed_disk") ? internal.at("deployed_disk") : json(nullptr);
    return choice;
}

json copyArguments(const StepWork& work, const model::Image& image)
{
    const std::string base = work.context.settings.baseUrl;
    json arguments = diskChoice(work);
    arguments["image"] = {{"id", image.contentId},
                          {"name", image.name},
                          {"size_bytes", image.sizeBytes},
                          {"manifest_url", base + "/v1/images/" + image.contentId + "/manifest"},
                          {"blocks_url", base + "/v1/images/" + image.contentId + "/blocks"},
                          {"manifest_sha256", image.manifestSha256}};
    arguments["configdrive_url"] = valueOf(work.operation.request).value("config_drive", false)
                                       ? json(base + "/v1/agent/" + work.node.id.uuid + "/configdrive")
                                       : json(nullptr);
    return arguments;
}

} // namespace bm::conductor
