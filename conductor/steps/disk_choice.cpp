#include "conductor/steps/disk_choice.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/json_reader.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/node_disks.h"

namespace bm::conductor {

using nlohmann::json;

namespace {

std::string rootDeviceJson(const StepWork& work)
{
    const auto* deploy = wire::orderIn<wire::DeployOrder>(work.request);
    if (deploy != nullptr && deploy->options.rootDevice)
        return deploy->options.rootDevice->text;
    const auto* capture = wire::orderIn<wire::CaptureOrder>(work.request);
    if (capture != nullptr && !capture->rootDevice.empty())
        return capture->rootDevice;
    if (const std::optional<std::string> hints = rootDeviceOf(work.node))
        return *hints;
    const auto byClass = work.context.settings.rootDeviceByClass.find(work.node.resourceClass);
    return byClass == work.context.settings.rootDeviceByClass.end() ? "{}" : byClass->second;
}

} // namespace

wire::DiskChoice diskChoice(const StepWork& work)
{
    wire::DiskChoice choice;
    choice.rootDevice = wire::canonical(wire::parseObject(rootDeviceJson(work), "root_device"));
    choice.policy = work.context.settings.smallestDisk ? "smallest" : "single";
    const json internal = wire::valueOf(work.node.driverInternalInfo);
    if (internal.contains("deployed_disk"))
        choice.remembered =
            wire::fromJsonValue<wire::DiskIdentity>(internal.at("deployed_disk"), "deployed_disk");
    return choice;
}

wire::ImageOfStore imageOfStore(const StepWork& work, const model::Image& image)
{
    const std::string base = work.context.settings.baseUrl + "/v1/images/" + image.contentId;
    return {.id = image.contentId,
            .name = image.name,
            .sizeBytes = image.sizeBytes,
            .manifestUrl = base + "/manifest",
            .blocksUrl = base + "/blocks",
            .manifestSha256 = image.manifestSha256};
}

std::optional<std::string> configDriveUrl(const StepWork& work)
{
    if (!wire::orderOf<wire::DeployOrder>(work.request).configDrive)
        return std::nullopt;
    return work.context.settings.baseUrl + "/v1/agent/" + work.node.id.uuid + "/configdrive";
}

} // namespace bm::conductor
