#include "conductor/image_catalogue.h"

#include "common/platform/log.h"
#include "conductor/image_reference.h"
#include "conductor/nodes.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::hours kImportDeadline{12};
constexpr std::chrono::milliseconds kProgressInterval{500};

struct Job {
    Image image;
    NewImage source;
};

/// A URL without its user and password.
std::string withoutCredentials(const std::string& url)
{
    const std::size_t scheme = url.find("://");
    const std::size_t at = url.find('@');
    const std::size_t slash = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
    if (scheme == std::string::npos || at == std::string::npos || at > slash)
        return url;
    return url.substr(0, scheme + 3) + url.substr(at + 1);
}

/// Tags and open rollouts want an image to stay.
void refuseWanted(db::Transaction& tx, const Image& image)
{
    if (const auto tags = db::ImageTagRepository{}.ofImage(tx, image.id); !tags.empty())
        throw Error(ErrorCode::ImageInUse,
                    "image \"" + image.name + "\" is what the tag " + tags.front().reference + " points to",
                    "move it: bm image tag OTHER " + tags.front().reference +
                        "; or take it away: bm image untag " + tags.front().reference);
    for (const model::Rollout& rollout : db::RolloutRepository{}.open(tx))
        if (rollout.image == image.id)
            throw Error(ErrorCode::ImageInUse,
                        "image \"" + image.name + "\" is being rolled out by " + rollout.name,
                        "wait for it, or: bm rollout abort " + rollout.name);
}

} // namespace

struct ImageCatalogue::State {
    explicit State(Context given) : context(std::move(given)) {}

    Context context;
    std::mutex mutex;
    std::condition_variable_any came;
    std::deque<Job> jobs;
    std::vector<std::jthread> workers;

    void work(const std::stop_token& stop);
    void run(const Job& job, const std::stop_token& stop);
    void storeProgress(const model::ImageId& id, std::uint64_t done, std::uint64_t total);
    images::StoredImage bringIn(const Job& job, const std::stop_token& stop);
    void finish(const Job& job, const images::StoredImage& stored);
    void fail(const model::ImageId& id, const Error& error);
};

void ImageCatalogue::State::storeProgress(const model::ImageId& id, std::uint64_t done, std::uint64_t total)
{
    context.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        std::optional<Image> image = images.find(tx, id);
        if (!image || image->state != ImageState::Importing)
            return;
        image->progressBytes = done;
        image->progressTotalBytes = total;
        image->updatedAt = context.clock.now();
        images.update(tx, *image);
    });
}

images::StoredImage ImageCatalogue::State::bringIn(const Job& job, const std::stop_token& stop)
{
    const model::Deadline deadline = model::Deadline::in(kImportDeadline, stop);
    std::chrono::steady_clock::time_point told{};
    const auto tell = [&](std::uint64_t done, std::uint64_t total) {
        const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
        if (now - told < kProgressInterval)
            return;
        told = now;
        storeProgress(job.image.id, done, total);
    };
    std::filesystem::path file = job.source.spooledFile;
    if (!job.source.url.empty()) {
        file = context.images.incomingFolder() / (job.image.id.uuid + ".download");
        images::download(job.source.url, file, context.settings.maxDownloadBytes, tell, deadline);
    }
    images::ImportRequest request;
    request.file = file;
    request.expectedChecksum = job.source.checksum;
    const images::StoredImage stored = context.images.import(
        request,
        [&](const images::ImportProgress& progress) { tell(progress.sourceBytes, progress.sourceTotal); },
        deadline);
    std::error_code ignored;
    std::filesystem::remove(file, ignored);
    return stored;
}

void ImageCatalogue::State::finish(const Job& job, const images::StoredImage& stored)
{
    context.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        std::optional<Image> image = images.find(tx, job.image.id);
        if (!image)
            return;
        image->state = ImageState::Ready;
        image->contentId = stored.contentId;
        image->manifestSha256 = stored.manifestSha256;
        image->sourceFormat = stored.sourceFormat;
        image->sizeBytes = stored.sizeBytes;
        image->storedBytes = stored.storedBytes;
        image->dataBytes = stored.dataBytes;
        image->progressBytes = image->progressTotalBytes;
        image->updatedAt = context.clock.now();
        images.update(tx, *image);
        note(tx, context.clock.now(), {}, "image.ready", image->name);
    });
}

void ImageCatalogue::State::fail(const model::ImageId& id, const Error& error)
{
    context.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        std::optional<Image> image = images.find(tx, id);
        if (!image)
            return;
        image->state = ImageState::Failed;
        image->errorCode = model::toText(error.code());
        image->errorMessage = error.what();
        image->errorHint = error.hint();
        image->updatedAt = context.clock.now();
        images.update(tx, *image);
        note(tx, context.clock.now(), {}, "image.failed", image->name + ": " + error.what());
    });
}

void ImageCatalogue::State::run(const Job& job, const std::stop_token& stop)
{
    std::optional<Error> failure;
    try {
        finish(job, bringIn(job, stop));
    } catch (const Error& error) {
        failure = error;
    } catch (const std::exception& error) {
        failure = Error(ErrorCode::Internal, error.what());
    }
    if (failure) {
        platform::logWarning("images", "{}: {}", job.image.name, failure->what());
        std::error_code ignored;
        if (!job.source.spooledFile.empty())
            std::filesystem::remove(job.source.spooledFile, ignored);
        fail(job.image.id, *failure);
    }
}

void ImageCatalogue::State::work(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        Job job;
        {
            std::unique_lock lock(mutex);
            if (!came.wait(lock, stop, [&] { return !jobs.empty(); }))
                return;
            job = jobs.front();
            jobs.pop_front();
        }
        run(job, stop);
    }
}

ImageCatalogue::ImageCatalogue(Context context) : state_(std::make_unique<State>(std::move(context))) {}
ImageCatalogue::~ImageCatalogue()
{
    stop();
}

void ImageCatalogue::start()
{
    state_->context.images.sweep();
    for (const Image& image : list())
        if (image.state == ImageState::Importing)
            state_->fail(image.id, Error(ErrorCode::Aborted,
                                         "bmd stopped while this image was being imported", "add it again"));
    for (int i = 0; i < std::max(1, state_->context.settings.importThreads); ++i)
        state_->workers.emplace_back([this](const std::stop_token& stop) { state_->work(stop); });
}

void ImageCatalogue::stop()
{
    for (std::jthread& worker : state_->workers)
        worker.request_stop();
    state_->workers.clear();
}

Image ImageCatalogue::add(const NewImage& source, const std::string& actor)
{
    if (!model::isImageName(source.name))
        throw Error(ErrorCode::InvalidInput,
                    "\"" + source.name.substr(0, 80) + "\" is not a valid image name",
                    "letters, digits and - . _ ; not in the form of a uuid");
    if (source.url.empty() == source.spooledFile.empty())
        throw Error(ErrorCode::InvalidInput, "an image comes either from a url or as an upload",
                    "bm image add FILE|URL --name NAME");
    if (!source.url.empty() && !source.url.starts_with("http://") && !source.url.starts_with("https://"))
        throw Error(ErrorCode::InvalidInput, "url: only http:// and https:// are fetched",
                    "for a file: bm image add FILE --name NAME");
    Job job;
    job.source = source;
    job.image.id = model::ImageId::make();
    job.image.name = source.name;
    job.image.source = source.url.empty() ? source.sourceName : withoutCredentials(source.url);
    job.image.createdAt = state_->context.clock.now();
    job.image.updatedAt = job.image.createdAt;
    state_->context.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        if (const std::optional<Image> other = images.findByName(tx, source.name)) {
            if (other->state != ImageState::Failed)
                throw Error(ErrorCode::Conflict, "an image named \"" + source.name + "\" already exists",
                            "choose another name, or: bm image delete " + source.name);
            images.remove(tx, other->id);
        }
        images.insert(tx, job.image);
        note(tx, job.image.createdAt, {}, "image.added", source.name + " by " + actor);
    });
    const std::lock_guard lock(state_->mutex);
    state_->jobs.push_back(job);
    state_->came.notify_one();
    return job.image;
}

Image ImageCatalogue::get(const std::string& nameOrId) const
{
    return state_->context.database.read([&](db::Transaction& tx) { return findImage(tx, nameOrId); });
}

std::vector<Image> ImageCatalogue::list() const
{
    return state_->context.database.read([](db::Transaction& tx) { return db::ImageRepository{}.all(tx); });
}

Image ImageCatalogue::change(const std::string& nameOrId, const std::function<void(Image&)>& change)
{
    return state_->context.database.write([&](db::Transaction& tx) {
        Image image = findImage(tx, nameOrId);
        change(image);
        image.updatedAt = state_->context.clock.now();
        db::ImageRepository{}.update(tx, image);
        return image;
    });
}

void ImageCatalogue::remove(const std::string& nameOrId, const std::string& actor)
{
    std::string orphan;
    state_->context.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        const Image image = findImage(tx, nameOrId);
        if (image.state == ImageState::Importing)
            throw Error(ErrorCode::Conflict, "image \"" + image.name + "\" is being imported",
                        "wait for it: bm image show " + image.name);
        const std::vector<model::NodeId> users = db::OperationRepository{}.nodesUsingImage(tx, image.id);
        if (!users.empty()) {
            std::string names;
            for (const model::NodeId& user : users)
                names += (names.empty() ? "" : ", ") + findNode(tx, user.uuid).name;
            throw Error(ErrorCode::ImageInUse, "image \"" + image.name + "\" is being deployed to " + names,
                        "wait for them, or abort them: bm abort NODE");
        }
        refuseWanted(tx, image);
        images.remove(tx, image.id);
        if (!image.contentId.empty() && images.countWithContent(tx, image.contentId) == 0)
            orphan = image.contentId;
        note(tx, state_->context.clock.now(), {}, "image.deleted", image.name + " by " + actor);
    });
    if (!orphan.empty())
        state_->context.images.remove(orphan);
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
