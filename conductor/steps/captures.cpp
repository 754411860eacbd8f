#include "conductor/steps/captures.h"

#include "common/wire/operation_request.h"
#include "conductor/core/nodes.h"
#include "conductor/images/image_jobs.h"
#include "db/repositories/image_job_repository.h"
#include "images/blocks/manifest.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;
using model::Node;

namespace {

constexpr std::chrono::hours kAdoptDeadline{2}; ///< where the store is in a bucket, it goes there

std::string imageIdOf(const model::Operation& operation)
{
    return wire::imageIdOf(wire::operationRequestOf(operation));
}

} // namespace

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
        importCapturedTree(context_, known);
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
        recordEvent(tx, context_.clock.now(), {}, model::EventKind::ImageReady,
                    image.name + ", " + image.source);
        return image;
    });
    context_.images.captures().drop(id.uuid);
    return ready;
}

void importCapturedTree(const Context& context, const Image& tree)
{
    const auto hasJob = [&](db::Transaction& tx) {
        return db::ImageJobRepository{}.find(tx, tree.id).has_value();
    };
    if (context.database.read(hasJob))
        return;
    context.images.captures().finish(tree.id.uuid); // every block is there, and synced
    context.database.write([&](db::Transaction& tx) {
        const std::optional<Image> image = db::ImageRepository{}.find(tx, tree.id);
        if (image && image->state == ImageState::Importing && !hasJob(tx))
            storeJob(
                tx, context,
                {.image = tree.id, .kind = "capture", .imageKind = std::string(model::toText(tree.kind))});
    });
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
    recordEvent(tx, context.clock.now(), {}, model::EventKind::ImageFailed,
                image->name + ": " + operation.errorMessage);
}

void dropCapture(db::Transaction& tx, const Context& context, const model::Operation& operation)
{
    if (operation.kind == model::OperationKind::Capture)
        tx.afterCommit([&store = context.images, id = imageIdOf(operation)] { store.captures().drop(id); });
}

} // namespace bm::conductor
