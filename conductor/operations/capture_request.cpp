#include "conductor/operations/capture_request.h"

#include "common/wire/json/stored_json.h"
#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"
#include "conductor/images/image_access.h"
#include "conductor/images/ramdisk_deployment.h"
#include "conductor/nodes/boot_port.h"
#include "conductor/operations/lifecycle.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;
using model::Node;

namespace {

Image newImage(db::Transaction& tx, const Context& context, const Node& node, const CaptureRequest& request)
{
    const std::string& name = request.name;
    if (!model::isImageName(name))
        throw Error(ErrorCode::InvalidInput, "\"" + name.substr(0, 80) + "\" is not a valid image name",
                    "letters, digits and - . _ ; not in the form of a uuid");
    const db::ImageRepository images;
    if (const std::optional<Image> other = images.findByName(tx, name)) {
        if (other->state != ImageState::Failed)
            throw Error(ErrorCode::Conflict, "an image named \"" + name + "\" already exists",
                        "choose another name, or: bm image delete " + name);
        images.remove(tx, other->id);
    }
    Image image;
    image.id = model::ImageId::make();
    image.name = name;
    image.owner = partyOf(node).project; // its disk holds the project's files
    image.visibility = model::ImageVisibility::Project;
    image.sourceFormat = "capture";
    image.kind = request.kind;
    const bool tree = request.kind == model::ImageKind::Tree;
    image.source = (tree ? "files of " : "disk of ") + (node.name.empty() ? node.id.uuid : node.name);
    image.bootMode = tree ? "" : node.bootMode; // of a tree the layout decides
    image.architecture = wire::textMember(wire::valueOf(node.properties), "cpu_arch");
    image.createdAt = image.updatedAt = context.clock.now();
    images.insert(tx, image);
    return image;
}

void refuseKind(const Node& node, model::ImageKind kind, bool hasFiles)
{
    if (kind == model::ImageKind::Ramdisk)
        throw Error(ErrorCode::InvalidInput, "a capture is of kind disk or tree", "kind: tree");
    if (kind == model::ImageKind::Tree && !hasFiles)
        throw Error(ErrorCode::InvalidInput,
                    "the disks of node " + node.id.uuid + " (" + node.driver + ") have no files",
                    "kind: disk, or a real machine");
}

} // namespace

model::OperationId beginCapture(const Context& context, const std::string& ident,
                                const CaptureRequest& request, const std::string& actor)
{
    return context.database.write([&](db::Transaction& tx) {
        const Node node = findNode(tx, ident);
        refuseKind(node, request.kind, hardwareOf(context, node).hasFiles);
        refuseBusy(tx, context, node);
        refuseMaintenance(node);
        Node trial = node;
        applyEvent(trial, model::StateEvent::Service, context.clock.now()); // throws in Ironic's words
        refuseWithoutDisk(node, "capture");
        requireBootPort(tx, context, node);
        const Image image = newImage(tx, context, node, request);
        NewOperation wanted;
        wanted.kind = model::OperationKind::Capture;
        wanted.actor = actor;
        wanted.request = wire::CaptureOrder{.imageId = image.id.uuid,
                                            .imageName = image.name,
                                            .rootDevice = request.rootDeviceJson,
                                            .kind = std::string(model::toText(request.kind)),
                                            .generalise = request.generalise};
        return beginOperation(tx, context, node, model::StateEvent::Service, wanted);
    });
}

} // namespace bm::conductor
