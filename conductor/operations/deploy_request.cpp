#include "conductor/operations/deploy_request.h"

#include "conductor/core/json_values.h"
#include "conductor/core/nodes.h"
#include "conductor/images/ramdisk_image.h"
#include "conductor/images/requested_image.h"
#include "conductor/images/tree_layout.h"
#include "conductor/nodes/boot_port.h"
#include "conductor/operations/plan.h"
#include "conductor/operations/verb_request.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

std::string hostNameOf(const model::Node& node, const DeployRequest& request)
{
    if (!request.hostName.empty())
        return request.hostName;
    return node.name.empty() ? node.id.uuid : node.name;
}

std::string buildDrive(const model::Node& node, const DeployRequest& request)
{
    images::ConfigDrive drive = request.parts.value_or(images::ConfigDrive{});
    json meta = parseGiven(drive.metaDataJson.empty() ? "{}" : drive.metaDataJson, "meta_data");
    if (!meta.is_object())
        throw Error(ErrorCode::InvalidInput, "meta_data is not an object");
    const std::string host = hostNameOf(node, request);
    meta.emplace("uuid", node.instanceUuid.empty() ? node.id.uuid : node.instanceUuid);
    meta.emplace("instance_id", meta.at("uuid"));
    meta.emplace("name", host);
    meta.emplace("hostname", host);
    for (std::size_t i = 0; i < request.sshKeys.size(); ++i)
        meta["public_keys"]["key" + std::to_string(i)] = request.sshKeys[i];
    drive.metaDataJson = meta.dump();
    return images::makeConfigDrive(drive);
}

bool wantsKexec(const model::Node& node, const DeployRequest& request)
{
    if (request.kexec)
        return *request.kexec;
    return textMember(valueOf(node.driverInfo), "kexec") == "true";
}

bool storeDrive(db::Transaction& tx, const Context& context, const model::Node& node,
                const DeployRequest& request)
{
    const db::ConfigDriveRepository drives;
    if (!request.configDrive) {
        drives.remove(tx, node.id);
        return false;
    }
    const std::string bytes = request.configDriveBase64.empty()
                                  ? buildDrive(node, request)
                                  : images::decodeConfigDrive(request.configDriveBase64);
    drives.store(tx, node.id, context.secrets.seal(bytes));
    return true;
}

} // namespace

model::JsonText prepareDeploy(db::Transaction& tx, const Context& context, const model::Node& node,
                              const DeployRequest& request)
{
    const json steps = deploySteps(tx, node, request);
    if (writesNothing(node, request))
        return textOf({{"kind", kNoImage}, {"deploy_steps", steps}});
    const ImageWish wish = wishOf(node, request);
    const model::Image image = wantedImage(tx, context, node, wish);
    requireBootPort(tx, context, node);
    json stored = {{"image_id", image.id.uuid},
                   {"image", image.name},
                   {"content_id", image.contentId},
                   {"grow_last_partition", request.growLastPartition},
                   {"full", request.full},
                   {"kind", model::toText(image.kind)},
                   {"kexec", wantsKexec(node, request)}};
    if (image.state != model::ImageState::Ready)
        stored["fetch"] = true;
    if (!steps.empty())
        stored["deploy_steps"] = steps;
    if (image.kind == model::ImageKind::Ramdisk) {
        refuseForRamdisk(image, node, request);
        stored["kernel_arguments"] = argumentsFor(image, node, request);
    } else {
        refuseKernelArguments(image, request);
    }
    if (image.kind == model::ImageKind::Tree && !request.moreDisksJson.empty())
        throw Error(ErrorCode::InvalidInput,
                    "more_disks is for images of a whole disk; " + image.name + " is a tree",
                    "a layout with mirror: true lays a tree onto two disks");
    if (image.kind == model::ImageKind::Tree)
        stored["layout"] = layoutFor(image, request);
    else
        refuseLayout(image, request);
    if (!request.rootDeviceJson.empty()) {
        if (!parseGiven(request.rootDeviceJson, "root_device").is_object())
            throw Error(ErrorCode::InvalidInput, "root_device is not an object of hints",
                        R"(for example {"serial": "WD-123"})");
        stored["root_device"] = parseGiven(request.rootDeviceJson, "root_device");
    }
    for (const std::string& hints : request.moreDisksJson)
        stored["more_disks"].push_back(parseGiven(hints, "more_disks"));
    stored["config_drive"] = storeDrive(tx, context, node, request);
    model::Node changed = node;
    json instance = valueOf(node.instanceInfo);
    if (wish.byAddress) {
        instance["image_name"] = image.name; // what was given stays: whoever set it looks for it
    } else {
        instance["image_source"] = image.name;
        instance["image_checksum"] = image.contentId;
        instance.erase("image_name");
    }
    instance["display_name"] = hostNameOf(node, request);
    if (image.kind == model::ImageKind::Ramdisk)
        instance["image_type"] = model::toText(image.kind);
    else if (textMember(instance, "image_type") == model::toText(model::ImageKind::Ramdisk))
        instance.erase("image_type");
    changed.instanceInfo = textOf(instance);
    // beginOperation works on what is stored; its update follows this one
    db::NodeRepository{}.update(tx, changed);
    return textOf(stored);
}

} // namespace bm::conductor
