#include "conductor/steps/captures.h"

#include "conductor/core/json_values.h"
#include "conductor/core/node_refusals.h"
#include "conductor/core/nodes.h"
#include "conductor/operations/deploy_request.h"
#include "conductor/operations/lifecycle.h"
#include "conductor/steps/ramdisk_stay.h"
#include "db/repositories/image_job_repository.h"
#include "images/blocks/manifest.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;
using model::Node;
using nlohmann::json;

namespace {

constexpr std::chrono::hours kAdoptDeadline{2}; ///< where the store is in a bucket, it goes there

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
    image.sourceFormat = "capture";
    image.kind = request.kind;
    const bool tree = request.kind == model::ImageKind::Tree;
    image.source = (tree ? "files of " : "disk of ") + (node.name.empty() ? node.id.uuid : node.name);
    image.bootMode = tree ? "" : node.bootMode; // of a tree the layout decides
    image.architecture = textMember(valueOf(node.properties), "cpu_arch");
    image.createdAt = image.updatedAt = context.clock.now();
    images.insert(tx, image);
    return image;
}

void refuseKind(const Node& node, model::ImageKind kind, bool simulated)
{
    if (kind == model::ImageKind::Ramdisk)
        throw Error(ErrorCode::InvalidInput, "what is captured is of kind disk or tree", "kind: tree");
    if (kind == model::ImageKind::Tree && simulated)
        throw Error(ErrorCode::InvalidInput, "node " + node.id.uuid + " is simulated: it has no files",
                    "kind: disk, or a real machine");
}

std::string imageIdOf(const model::Operation& operation)
{
    return textMember(valueOf(operation.request), "image_id");
}

} // namespace

model::OperationId Captures::begin(const std::string& ident, const CaptureRequest& request,
                                   const std::string& actor)
{
    model::OperationId id = context_.database.write([&](db::Transaction& tx) {
        const Node node = findNode(tx, ident);
        refuseKind(node, request.kind, hardwareOf(context_, node).simulated);
        refuseBusy(tx, context_, node);
        refuseMaintenance(node);
        Node trial = node;
        applyEvent(trial, model::StateEvent::Service, context_.clock.now()); // throws in Ironic's words
        refuseWithoutDisk(node, "capture");
        requireBootPort(tx, context_, node);
        const Image image = newImage(tx, context_, node, request);
        NewOperation wanted;
        wanted.kind = model::OperationKind::Capture;
        wanted.actor = actor;
        wanted.request = textOf({{"image_id", image.id.uuid},
                                 {"image_name", image.name},
                                 {"root_device", request.rootDeviceJson},
                                 {"kind", model::toText(request.kind)},
                                 {"generalise", request.generalise}});
        return beginOperation(tx, context_, node, model::StateEvent::Service, wanted);
    });
    context_.wake();
    return id;
}

model::ImageId Captures::captureOf(const model::NodeId& node) const
{
    return context_.database.read([&](db::Transaction& tx) {
        const std::optional<model::Operation> operation = db::OperationRepository{}.current(tx, node);
        if (!operation || operation->kind != model::OperationKind::Capture || operation->abortRequested ||
            !operation->errorCode.empty())
            throw Error(ErrorCode::Conflict, "no capture is at work on node " + node.uuid,
                        "it has ended or was aborted");
        return model::ImageId{imageIdOf(*operation)};
    });
}

images::CaptureState Captures::open(const model::NodeId& node, std::uint64_t sizeBytes)
{
    return context_.images.captures().open(captureOf(node).uuid, sizeBytes);
}

images::CaptureState Captures::append(const model::NodeId& node, std::uint64_t firstBlock, std::istream& body)
{
    const model::ImageId id = captureOf(node);
    const images::CaptureState state = context_.images.captures().append(id.uuid, firstBlock, body);
    context_.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        std::optional<Image> image = images.find(tx, id);
        if (!image || image->state != ImageState::Importing)
            return;
        image->progressTotalBytes = state.sizeBytes;
        image->progressBytes = std::min(state.blocks * images::kBlockBytes, state.sizeBytes);
        image->updatedAt = context_.clock.now();
        images.update(tx, *image);
    });
    return state;
}

Image Captures::finish(const model::NodeId& node)
{
    const model::ImageId id = captureOf(node);
    const auto find = [&](db::Transaction& tx) {
        const std::optional<Image> image = db::ImageRepository{}.find(tx, id);
        if (!image)
            throw Error(ErrorCode::NotFound, "the image of this capture is gone");
        return *image;
    };
    Image known = context_.database.read(find);
    if (known.state == ImageState::Ready)
        return known;
    if (known.state == ImageState::Failed)
        throw Error(model::errorCodeFromText(known.errorCode).value_or(ErrorCode::Internal),
                    known.errorMessage, known.errorHint);
    if (known.kind == model::ImageKind::Tree) {
        const bool begun = context_.database.read(
            [&](db::Transaction& tx) { return db::ImageJobRepository{}.find(tx, id).has_value(); });
        if (!begun)
            context_.images.captures().finish(id.uuid); // all blocks are here, and synced
        return known;
    }
    const images::StoredImage stored =
        context_.images.adoptCapture(id.uuid, model::Deadline::in(kAdoptDeadline));
    Image ready = context_.database.write([&](db::Transaction& tx) {
        Image image = find(tx);
        image.state = ImageState::Ready;
        image.contentId = stored.contentId;
        image.manifestSha256 = stored.manifestSha256;
        image.sizeBytes = stored.sizeBytes;
        image.storedBytes = stored.storedBytes;
        image.dataBytes = stored.dataBytes;
        image.progressBytes = image.progressTotalBytes = stored.sizeBytes;
        image.updatedAt = context_.clock.now();
        db::ImageRepository{}.update(tx, image);
        note(tx, context_.clock.now(), {}, "image.ready", image.name + ", " + image.source);
        return image;
    });
    context_.images.captures().drop(id.uuid);
    return ready;
}

void failCapturedImage(db::Transaction& tx, const Context& context, const model::Operation& operation)
{
    if (operation.kind != model::OperationKind::Capture)
        return;
    const db::ImageRepository images;
    std::optional<Image> image = images.find(tx, model::ImageId{imageIdOf(operation)});
    if (!image || image->state != ImageState::Importing)
        return;
    db::ImageJobRepository{}.remove(tx, image->id);
    image->state = ImageState::Failed;
    image->errorCode = operation.errorCode;
    image->errorMessage = operation.errorMessage;
    image->errorHint = operation.errorHint;
    image->updatedAt = context.clock.now();
    images.update(tx, *image);
    note(tx, context.clock.now(), {}, "image.failed", image->name + ": " + operation.errorMessage);
}

void dropCapture(const Context& context, const model::Operation& operation)
{
    if (operation.kind == model::OperationKind::Capture)
        context.images.captures().drop(imageIdOf(operation));
}

bool isBeingCaptured(db::Transaction& tx, const Image& image)
{
    return image.sourceFormat == "capture" && image.state == ImageState::Importing &&
           !db::OperationRepository{}.nodesUsingImage(tx, image.id).empty();
}

} // namespace bm::conductor
