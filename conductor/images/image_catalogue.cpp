#include "conductor/images/image_catalogue.h"

#include "conductor/core/nodes.h"
#include "conductor/images/image_jobs.h"
#include "conductor/images/image_reference.h"
#include "conductor/images/image_users.h"
#include "images/sources/source_url.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;

namespace {

/// The refusal to delete an image, for a project: the users' names may be another project's.
Error usedBySomething(const Image& image)
{
    return {ErrorCode::ImageInUse, "image \"" + image.name + "\" is in use",
            "a deployment, a tag, a schedule or a rollout uses it; ask an operator of bmd"};
}

/// Refuses to delete an image that is being deployed.
void refuseDeploying(db::Transaction& tx, const Image& image, const ImageParty& party)
{
    const std::vector<model::NodeId> users = db::OperationRepository{}.nodesUsingImage(tx, image.id);
    if (users.empty())
        return;
    if (!party.ofSystem())
        throw usedBySomething(image);
    std::string names;
    for (const model::NodeId& user : users)
        names += (names.empty() ? "" : ", ") + findNode(tx, user.uuid).name;
    throw Error(ErrorCode::ImageInUse, "image \"" + image.name + "\" is being deployed to " + names,
                "wait for them, or abort them: bm abort NODE");
}

/// Refuses to delete an image that a tag, a schedule or a rollout uses. Nodes have their own copy.
void refuseWanted(db::Transaction& tx, const Image& image, const ImageParty& party)
{
    const std::vector<std::string> users = ImageUsers(tx).wanting(image);
    if (users.empty())
        return;
    if (!party.ofSystem())
        throw usedBySomething(image);
    const std::string& first = users.front();
    const bool tag = first.starts_with("the tag ");
    const bool boots = first.ends_with("which boots it");
    throw Error(ErrorCode::ImageInUse,
                "image \"" + image.name + "\" is used by " + first +
                    (users.size() == 1 ? "" : " and " + std::to_string(users.size() - 1) + " more"),
                tag ? "move it: bm image tag OTHER " + first.substr(8) + "; or remove it: bm image untag " +
                          first.substr(8)
                : boots ? "deploy another image to the node, or: bm undeploy NODE"
                        : "wait for it, or end it: bm rollout abort, bm schedule delete, bm abort NODE");
}

} // namespace

struct ImageCatalogue::State {
    explicit State(Context given) : context(std::move(given)), jobs(context) {}

    Context context;
    ImageJobs jobs;
};

ImageCatalogue::ImageCatalogue(Context context) : state_(std::make_unique<State>(std::move(context))) {}
ImageCatalogue::~ImageCatalogue()
{
    stop();
}

void ImageCatalogue::recover()
{
    state_->jobs.recover();
}

void ImageCatalogue::start()
{
    state_->jobs.start();
}

void ImageCatalogue::stop()
{
    state_->jobs.stop();
}

Image ImageCatalogue::add(const NewImage& source, const std::string& actor)
{
    Image image =
        imageToImport(source, state_->context.images.settings().sources, state_->context.clock.now());
    state_->context.database.write(
        [&](db::Transaction& tx) { storeImport(tx, state_->context, image, source, actor); });
    return image;
}

void ImageCatalogue::startJob(const model::ImageId& image)
{
    state_->jobs.enqueue(image);
}

Image ImageCatalogue::verify(const std::string& nameOrId, const ImageParty& party, const std::string& actor)
{
    return state_->context.database.write([&](db::Transaction& tx) {
        Image found = findImageToChange(tx, nameOrId, party);
        if (found.state != ImageState::Ready && found.state != ImageState::Broken)
            throw Error(ErrorCode::Conflict,
                        "image \"" + found.name + "\" is " + std::string(model::toText(found.state)),
                        "bm image show " + found.name);
        if (db::ImageJobRepository{}.find(tx, found.id))
            return found; // a verification is at work already
        found.progressBytes = 0;
        found.progressTotalBytes = found.sizeBytes;
        found.errorCode = found.errorMessage = found.errorHint = ""; // of an earlier verification
        db::ImageRepository{}.update(tx, found);
        storeJob(tx, state_->context, {.image = found.id, .kind = "verify"});
        recordEvent(tx, state_->context.clock.now(), {}, model::EventKind::ImageVerify,
                    found.name + " by " + actor);
        return found;
    });
}

PruneResult ImageCatalogue::prune(const RetentionRule& rule, bool dryRun, const std::string& actor)
{
    return conductor::prune(state_->context, rule, dryRun, actor);
}

Image ImageCatalogue::get(const std::string& nameOrId, const ImageParty& party) const
{
    return state_->context.database.read([&](db::Transaction& tx) { return findImage(tx, nameOrId, party); });
}

std::vector<Image> ImageCatalogue::list(const ImageParty& party) const
{
    std::vector<Image> images =
        state_->context.database.read([](db::Transaction& tx) { return db::ImageRepository{}.all(tx); });
    std::erase_if(images, [&](const Image& image) { return accessTo(image, party) == ImageAccess::None; });
    return images;
}

Image ImageCatalogue::change(const std::string& nameOrId, const ImageParty& party,
                             const std::function<void(Image&)>& change)
{
    return state_->context.database.write([&](db::Transaction& tx) {
        const Image before = findImageToChange(tx, nameOrId, party);
        Image image = before;
        change(image);
        if (image.owner != before.owner)
            image.addressKey.clear(); // the previous owner fetches the address again
        refuseOversize(image, &before);
        image.updatedAt = state_->context.clock.now();
        db::ImageRepository{}.update(tx, image);
        return image;
    });
}

void ImageCatalogue::remove(const std::string& nameOrId, const ImageParty& party, const std::string& actor)
{
    const std::string orphan = state_->context.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        const Image image = findImageToChange(tx, nameOrId, party);
        if (image.state == ImageState::Importing)
            throw Error(ErrorCode::Conflict, "image \"" + image.name + "\" is being imported",
                        "wait for it: bm image show " + image.name);
        refuseDeploying(tx, image, party);
        refuseWanted(tx, image, party);
        images.remove(tx, image.id);
        recordEvent(tx, state_->context.clock.now(), {}, model::EventKind::ImageDeleted,
                    image.name + " by " + actor);
        const bool unused = !image.contentId.empty() && images.countWithContent(tx, image.contentId) == 0;
        return unused ? image.contentId : std::string();
    });
    if (orphan.empty())
        return;
    state_->context.database.write(
        [&](db::Transaction& tx) { // in the writer: no import of the same bytes ends meanwhile
            if (db::ImageRepository{}.countWithContent(tx, orphan) == 0)
                state_->context.images.collect(orphan);
        });
}

const images::ImageStore& ImageCatalogue::store() const
{
    return state_->context.images;
}
images::ImageStore& ImageCatalogue::store()
{
    return state_->context.images;
}

} // namespace bm::conductor
