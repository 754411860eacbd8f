#include "conductor/images/image_jobs.h"

#include "common/platform/condition.h"
#include "common/platform/log.h"
#include "common/platform/work_queue.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/images/image_fetch.h"
#include "conductor/images/image_users.h"
#include "conductor/images/ramdisk_image.h"
#include "conductor/images/tree_layout.h"

#include <algorithm>
#include <set>
#include <thread>

namespace bm::conductor {

using db::ImageJob;
using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;

namespace {

constexpr std::chrono::hours kJobDeadline{12};
constexpr std::chrono::milliseconds kProgressInterval{500};
constexpr std::int64_t kMostStarts = 5;
constexpr std::chrono::seconds kRetryPause{10};

/// The error of an import that bmd's end interrupted and that cannot continue.
Error cutOff()
{
    return {ErrorCode::Aborted, "bmd stopped while this image was being uploaded",
            "the upload was cut off: add it again"};
}

} // namespace

struct ImageJobs::State {
    explicit State(const Context& given) : context(given) {}

    const Context& context;
    platform::WorkQueue<model::ImageId> waiting;
    std::vector<std::jthread> workers;

    void work(const std::stop_token& stop);
    void run(const model::ImageId& id, const std::stop_token& stop);
    std::optional<ImageJob> begin(const model::ImageId& id);
    void doImport(const ImageJob& job, const model::Deadline& deadline);
    bool isWanted(const ImageJob& job) const;
    void checkRamdisk(const ImageJob& job, images::StoredImage& stored) const;
    void collectUnused(const std::string& contentId);
    void doVerify(const ImageJob& job, const model::Deadline& deadline);
    images::FetchProgress progressOf(const model::ImageId& id);
    /// Changes the image, if it is still there, and ends its job, in one transaction.
    void endJob(const model::ImageId& id, const std::function<void(db::Transaction&, Image&)>& change);
    void imported(const ImageJob& job, const images::StoredImage& stored);
    void failed(const ImageJob& job, const Error& error);
    void mendOthers(db::Transaction& tx, const Image& whole);
    void forgetFiles(const ImageJob& job) const;
};

images::FetchProgress ImageJobs::State::progressOf(const model::ImageId& id)
{
    return [this, id, told = std::chrono::steady_clock::time_point{}](std::uint64_t done,
                                                                      std::uint64_t total) mutable {
        const std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
        if (now - told < kProgressInterval)
            return;
        told = now;
        context.database.write([&](db::Transaction& tx) {
            const db::ImageRepository images;
            std::optional<Image> image = images.find(tx, id);
            if (!image)
                return;
            image->progressBytes = done;
            image->progressTotalBytes = total;
            image->updatedAt = context.clock.now();
            images.update(tx, *image);
        });
    };
}

void ImageJobs::State::endJob(const model::ImageId& id,
                              const std::function<void(db::Transaction&, Image&)>& change)
{
    context.database.write([&](db::Transaction& tx) {
        const db::ImageRepository images;
        std::optional<Image> image = images.find(tx, id);
        if (!image)
            return;
        db::ImageJobRepository{}.remove(tx, id);
        image->progressBytes = image->progressTotalBytes;
        image->updatedAt = context.clock.now();
        change(tx, *image);
        images.update(tx, *image);
    });
}

/// Makes broken images of the same content ready: the import has just stored their bytes again.
void ImageJobs::State::mendOthers(db::Transaction& tx, const Image& whole)
{
    const db::ImageRepository images;
    for (Image& other : images.all(tx)) {
        if (other.state != ImageState::Broken || other.contentId != whole.contentId)
            continue;
        other.state = ImageState::Ready;
        other.manifestSha256 = whole.manifestSha256;
        other.storedBytes = whole.storedBytes;
        other.errorCode = other.errorMessage = other.errorHint = "";
        other.updatedAt = context.clock.now();
        images.update(tx, other);
        recordEvent(tx, context.clock.now(), {}, model::EventKind::ImageMended,
                    other.name + " by " + whole.name);
    }
}

void ImageJobs::State::imported(const ImageJob& job, const images::StoredImage& stored)
{
    endJob(job.image, [&](db::Transaction& tx, Image& image) {
        image.state = ImageState::Ready;
        image.contentId = stored.contentId;
        image.manifestSha256 = stored.manifestSha256;
        if (job.kind != "capture")
            image.sourceFormat = stored.sourceFormat;
        image.sizeBytes = stored.sizeBytes;
        image.storedBytes = stored.storedBytes;
        image.dataBytes = stored.dataBytes;
        image.kind = stored.kind;
        image.description = stored.description;
        if (image.architecture.empty())
            image.architecture = wire::textMember(wire::valueOf(stored.description), "architecture");
        if (image.bootMode.empty() && stored.kind == model::ImageKind::Ramdisk)
            image.bootMode = wire::textMember(wire::valueOf(stored.description), "boot_mode");
        mendOthers(tx, image);
        recordEvent(tx, context.clock.now(), {}, model::EventKind::ImageReady, image.name);
    });
}

void ImageJobs::State::failed(const ImageJob& job, const Error& error)
{
    const bool verifying = job.kind == "verify";
    if (!verifying && error.code() == ErrorCode::StoreFull)
        forgetFiles(job); // before the record: the database needs space, too
    endJob(job.image, [&](db::Transaction& tx, Image& image) {
        platform::logWarning("images", "{}: {}", image.name, error.what());
        const bool damaged = error.code() == ErrorCode::ChecksumMismatch ||
                             error.code() == ErrorCode::ImageCorrupt || error.code() == ErrorCode::NotFound;
        const bool undecided = !damaged; // an object store that does not answer, no space for a copy ...
        image.errorCode = model::toText(error.code());
        image.errorMessage = error.what();
        image.errorHint = error.hint();
        if (verifying && undecided) { // the state is unchanged
            recordEvent(tx, context.clock.now(), {}, model::EventKind::ImageVerifyFailed,
                        image.name + ": " + error.what());
            return;
        }
        image.state = verifying ? ImageState::Broken : ImageState::Failed;
        if (verifying)
            image.verifiedAt = context.clock.now();
        recordEvent(tx, context.clock.now(), {},
                    verifying ? model::EventKind::ImageBroken : model::EventKind::ImageFailed,
                    image.name + ": " + error.what());
    });
    if (!verifying)
        forgetFiles(job);
}

void ImageJobs::State::forgetFiles(const ImageJob& job) const
{
    std::error_code ignored;
    for (const char* suffix : {"", ".version"})
        std::filesystem::remove(context.images.incomingFolder() / (incomingName(job) + suffix), ignored);
    if (job.kind == "capture")
        context.images.captures().drop(job.image.uuid);
}

void ImageJobs::State::doImport(const ImageJob& job, const model::Deadline& deadline)
{
    const std::string url =
        job.urlSealed.empty() ? "" : context.secrets.open(importUrlPlace(job.image), job.urlSealed);
    images::StoredImage stored = bringImageIn(context.images, job, url, context.settings.maxDownloadBytes,
                                              progressOf(job.image), deadline);
    try {
        stored.description = checkedDescription(stored.description);
        checkRamdisk(job, stored);
    } catch (const Error&) {
        collectUnused(stored.contentId);
        throw;
    }
    if (!isWanted(job)) { // a capture that was aborted meanwhile
        collectUnused(stored.contentId);
        return forgetFiles(job);
    }
    imported(job, stored);
    forgetFiles(job);
}

/// Adds the kernel arguments of the request to the description.
void ImageJobs::State::checkRamdisk(const ImageJob& job, images::StoredImage& stored) const
{
    const std::optional<Image> image =
        context.database.read([&](db::Transaction& tx) { return db::ImageRepository{}.find(tx, job.image); });
    const nlohmann::json wanted = image ? wire::valueOf(image->description) : nlohmann::json::object();
    if (wanted.contains("kernel_arguments")) {
        Image found;
        found.name = image->name;
        found.kind = stored.kind;
        found.description = stored.description;
        setKernelArguments(found, wire::textMember(wanted, "kernel_arguments"));
        stored.description = found.description;
    }
    if (stored.kind == model::ImageKind::Ramdisk)
        ramdiskOf(stored.description, stored.sizeBytes);
}

bool ImageJobs::State::isWanted(const ImageJob& job) const
{
    return context.database.read(
        [&](db::Transaction& tx) { return db::ImageJobRepository{}.find(tx, job.image).has_value(); });
}

/// Removes the bytes of an import whose image is gone.
void ImageJobs::State::collectUnused(const std::string& contentId)
{
    context.database.write(
        [&](db::Transaction& tx) { // in the writer: no import of the same bytes ends meanwhile
            if (db::ImageRepository{}.countWithContent(tx, contentId) == 0)
                context.images.collect(contentId);
        });
}

void ImageJobs::State::doVerify(const ImageJob& job, const model::Deadline& deadline)
{
    const std::optional<Image> image =
        context.database.read([&](db::Transaction& tx) { return db::ImageRepository{}.find(tx, job.image); });
    if (!image)
        return;
    try {
        context.images.verify(image->contentId, image->manifestSha256, progressOf(job.image), deadline);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::ChecksumMismatch || error.code() == ErrorCode::ImageCorrupt)
            context.images.markDamaged(image->contentId);
        throw;
    }
    endJob(job.image, [&](db::Transaction& tx, Image& whole) {
        whole.state = ImageState::Ready;
        whole.errorCode = whole.errorMessage = whole.errorHint = "";
        whole.verifiedAt = context.clock.now();
        recordEvent(tx, context.clock.now(), {}, model::EventKind::ImageVerified, whole.name);
    });
}

/// Counts one more start of the job, before it begins.
std::optional<ImageJob> ImageJobs::State::begin(const model::ImageId& id)
{
    return context.database.write([&](db::Transaction& tx) {
        const db::ImageJobRepository jobs;
        std::optional<ImageJob> job = jobs.find(tx, id);
        if (job) {
            ++job->starts;
            jobs.store(tx, *job);
        }
        return job;
    });
}

void ImageJobs::State::run(const model::ImageId& id, const std::stop_token& stop)
{
    const std::optional<ImageJob> job = begin(id);
    if (!job)
        return; // deleted meanwhile
    std::optional<Error> failure;
    try {
        if (job->starts > kMostStarts)
            throw Error(ErrorCode::Quarantined,
                        "bmd ended " + std::to_string(job->starts - 1) + " times while at work on this image",
                        "check bmd's log for the reason, then add it again");
        const model::Deadline deadline = model::Deadline::in(kJobDeadline, stop);
        if (job->kind == "verify")
            doVerify(*job, deadline);
        else
            doImport(*job, deadline);
    } catch (const Error& error) {
        failure = error;
    } catch (const std::exception& error) {
        failure = Error(ErrorCode::Internal, error.what());
    }
    while (failure && !stop.stop_requested()) // the next start continues a stopped job
        try {
            failed(*job, *failure);
            return;
        } catch (const std::exception& error) { // such as a database without disk space
            platform::logError("images", "cannot record the failure of the image {}: {}", id.uuid,
                               error.what());
            platform::pauseFor(kRetryPause, stop);
        }
}

void ImageJobs::State::work(const std::stop_token& stop)
{
    while (const std::optional<model::ImageId> id = waiting.take(stop)) {
        try {
            run(*id, stop);
        } catch (
            const std::exception& error) { // such as a database without disk space; the job is still stored
            platform::logError("images", "the job of the image {} waits: {}", id->uuid, error.what());
            platform::pauseFor(kRetryPause, stop);
            waiting.push(*id);
        }
    }
}

void storeJob(db::Transaction& tx, const Context& context, const ImageJob& job)
{
    db::ImageJobRepository{}.store(tx, job);
    tx.afterCommit([start = context.startImageJob, image = job.image] { start(image); });
}

ImageJobs::ImageJobs(const Context& context) : state_(std::make_unique<State>(context)) {}
ImageJobs::~ImageJobs()
{
    stop();
}

void ImageJobs::recover()
{
    const auto [jobs, images] = state_->context.database.read([](db::Transaction& tx) {
        return std::pair(db::ImageJobRepository{}.all(tx), db::ImageRepository{}.all(tx));
    });
    std::vector<std::string> kept;
    for (const ImageJob& job : jobs)
        kept.push_back(incomingName(job));
    state_->context.images.sweep(kept);
    std::set<std::string> captured; // an agent continues these captures
    for (const Image& image : images)
        if (state_->context.database.read([&](db::Transaction& tx) { return isBeingCaptured(tx, image); }))
            captured.insert(image.id.uuid);
    state_->context.images.captures().keepOnly(captured);
    for (const Image& image : images) {
        const auto job = std::ranges::find(jobs, image.id, &ImageJob::image);
        if (job != jobs.end())
            enqueue(image.id);
        else if (image.state == ImageState::Importing && !captured.contains(image.id.uuid))
            state_->failed({.image = image.id, .kind = "import"}, cutOff());
    }
}

void ImageJobs::start()
{
    for (int i = 0; i < std::max(1, state_->context.settings.importThreads); ++i)
        state_->workers.emplace_back([this](const std::stop_token& stop) { state_->work(stop); });
}

void ImageJobs::stop()
{
    for (std::jthread& worker : state_->workers)
        worker.request_stop();
    state_->workers.clear();
}

void ImageJobs::enqueue(const model::ImageId& image)
{
    state_->waiting.push(image);
}

} // namespace bm::conductor
