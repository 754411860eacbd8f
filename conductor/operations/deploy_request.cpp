#include "conductor/operations/deploy_request.h"

#include "common/wire/json/json_input.h"
#include "common/wire/json/json_reader.h"
#include "common/wire/json/stored_json.h"
#include "common/wire/meta_data.h"
#include "conductor/core/seal_places.h"
#include "conductor/images/deployment_refusals.h"
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
    const wire::ConfigDriveParts parts = request.parts.value_or(wire::ConfigDriveParts{});
    images::ConfigDrive drive{.metaDataJson = parts.metaDataJson,
                              .userData = parts.userData,
                              .networkDataJson = parts.networkDataJson,
                              .vendorDataJson = parts.vendorDataJson};
    json meta = wire::parseObject(drive.metaDataJson.empty() ? "{}" : drive.metaDataJson, "meta_data");
    if (!meta.is_object())
        throw Error(ErrorCode::InvalidInput, "meta_data is not an object");
    const std::string host = hostNameOf(node, request);
    meta.emplace("uuid", node.instanceUuid.empty() ? node.id.uuid : node.instanceUuid);
    meta.emplace("instance_id", meta.at("uuid"));
    meta.emplace("name", host);
    wire::completeHostName(meta, host);
    wire::addPublicKeys(meta, request.sshKeys);
    drive.metaDataJson = meta.dump();
    return images::makeConfigDrive(drive);
}

bool wantsKexec(const model::Node& node, const DeployRequest& request)
{
    if (request.options.kexec)
        return *request.options.kexec;
    return wire::textMember(wire::valueOf(node.driverInfo), "kexec") == "true";
}

bool storeDrive(db::Transaction& tx, const Context& context, const model::Node& node,
                const DeployRequest& request)
{
    const db::ConfigDriveRepository drives;
    if (!request.configDrive) {
        drives.remove(tx, node.id);
        return false;
    }
    if (context.settings.configDriveLevel == ConfigDriveLevel::Proved)
        throw Error(ErrorCode::InvalidInput,
                    "no machine gets a configuration drive over PXE (security.config_drive: proved)",
                    "deploy without one: bm provision --no-config-drive, or \"config_drive\": false");
    const std::string bytes = request.configDriveBase64.empty()
                                  ? buildDrive(node, request)
                                  : images::decodeConfigDrive(request.configDriveBase64);
    drives.store(tx, node.id, context.secrets.seal(configDrivePlace(node.id), bytes));
    return true;
}

/// The request's options, as decided for @p node and @p image.
wire::DeployOptions decidedOptions(const model::Image& image, const model::Node& node,
                                   const DeployRequest& request)
{
    wire::DeployOptions options = request.options;
    options.kexec = wantsKexec(node, request);
    if (image.kind == model::ImageKind::Ramdisk)
        options.kernelArguments = argumentsFor(image, node, request);
    if (image.kind == model::ImageKind::Tree)
        options.layout = wire::canonical(layoutFor(image, request));
    options.preserve.reset(); // the layout has it
    return options;
}

wire::DeployOrder orderFor(const model::Image& image, const model::Node& node, const DeployRequest& request,
                           const json& steps)
{
    wire::DeployOrder order{.kind = std::string(model::toText(image.kind)),
                            .imageId = image.id.uuid,
                            .imageName = image.name,
                            .contentId = image.contentId,
                            .options = decidedOptions(image, node, request)};
    if (image.state != model::ImageState::Ready)
        order.fetch = true;
    if (!steps.empty())
        order.steps = wire::canonical(steps);
    return order;
}

/// Stores the deployed image in instance_info.
model::JsonText instanceInfoFor(const model::Node& node, const model::Image& image,
                                const DeployRequest& request, bool byAddress)
{
    json instance = wire::valueOf(node.instanceInfo);
    if (byAddress) {
        instance["image_name"] = image.name; // keeps the URL, since clients compare it with their own
    } else {
        instance["image_source"] = image.name;
        instance["image_checksum"] = image.contentId;
        instance.erase("image_name");
    }
    instance["display_name"] = hostNameOf(node, request);
    if (image.kind == model::ImageKind::Ramdisk)
        instance["image_type"] = model::toText(image.kind);
    else if (wire::textMember(instance, "image_type") == model::toText(model::ImageKind::Ramdisk))
        instance.erase("image_type");
    return wire::canonical(instance);
}

} // namespace

wire::OperationRequest prepareDeploy(db::Transaction& tx, const Context& context, const model::Node& node,
                                     const DeployRequest& request)
{
    const json steps = deploySteps(tx, context, node, request);
    if (writesNothing(context, node, request))
        return wire::DeployNothingOrder{.steps = wire::canonical(steps)};
    const RequestedImage requested = requestedImageOf(node, request);
    const model::Image image = findRequestedImage(tx, context, node, requested);
    requireBootPort(tx, context, node);
    refuseDeployment(node, image, request);
    wire::DeployOrder order = orderFor(image, node, request, steps);
    order.configDrive = storeDrive(tx, context, node, request);
    model::Node changed = node;
    changed.instanceInfo = instanceInfoFor(node, image, request, requested.byAddress);
    // beginOperation reads the stored node
    db::NodeRepository{}.update(tx, changed);
    return order;
}

} // namespace bm::conductor
