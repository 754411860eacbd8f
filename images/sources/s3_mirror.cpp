#include "images/sources/s3_mirror.h"

#include "common/model/error.h"
#include "common/platform/condition.h"
#include "common/platform/files.h"
#include "common/platform/http_client.h"
#include "common/platform/log.h"
#include "images/base/disk_space.h"
#include "images/blocks/manifest.h"
#include "images/sources/download.h"
#include "images/sources/s3_cache.h"
#include "images/sources/s3_request.h"

#include <deque>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace bm::images {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;

constexpr std::uint64_t kMostInOnePut = std::uint64_t{5} << 30U; // the limit of S3
constexpr std::size_t kMirrorManifestLimit = std::size_t{1} << 30U;
constexpr std::chrono::hours kFetchDeadline{12};
constexpr std::chrono::minutes kReleaseDeadline{2};
constexpr std::uint64_t kMirrorLeastBytesPerSecond = 1024;

Error unexpected(const platform::HttpRequest& request, const platform::HttpResponse& answer)
{
    const bool denied = answer.status == 401 || answer.status == 403;
    return {answer.status >= 500 ? ErrorCode::Unavailable : ErrorCode::InvalidInput,
            fmt::format("{} {}: the object store answered {}", request.method,
                        request.url.substr(0, request.url.find('?')), answer.status),
            denied ? "check the keys in s3.credentials_file and their permissions"
                   : "check s3.endpoint and s3.bucket, and that the bucket exists"};
}

} // namespace

struct S3Mirror::State {
    State(S3Settings given, platform::Reach endpoint, std::filesystem::path objectsFolder,
          std::filesystem::path incomingFolder, std::string id)
        : settings(std::move(given)), reach(std::move(endpoint)), objects(std::move(objectsFolder)),
          incoming(std::move(incomingFolder)), storeId(std::move(id)), cache(objects)
    {}

    S3Settings settings;
    platform::Reach reach;
    std::filesystem::path objects;
    std::filesystem::path incoming;
    std::string storeId;
    S3Cache cache;
    std::mutex mutex;
    platform::Condition came;
    std::mutex exchange; ///< held while an object is uploaded, downloaded or deleted
    std::deque<std::string> waiting;
    std::deque<std::string> released;
    std::set<std::string> fetching; ///< content ids that wait for a download, or are being downloaded
    std::map<std::string, Error> failures;
    std::jthread worker;

    platform::HttpRequest object(const char* method, const std::string& name) const
    {
        platform::HttpRequest request =
            s3Request(settings, reach, method, settings.bucket, settings.prefix + name);
        request.minBytesPerSecond = kMirrorLeastBytesPerSecond;
        return request;
    }
    std::string refs(const std::string& contentId) const { return "refs/" + contentId + "/"; }
    std::filesystem::path local(const std::string& contentId, const char* suffix) const
    {
        return objects / (contentId + suffix);
    }

    /// @return the status. Throws for a status other than 2xx and @p also.
    int send(const platform::HttpRequest& request, int also, const Deadline& deadline) const
    {
        platform::HttpClient client;
        const platform::HttpResponse answer = request.uploadFile.empty()
                                                  ? client.send(request, deadline)
                                                  : client.upload(request, {}, deadline);
        if (answer.status / 100 != 2 && answer.status != also)
            throw unexpected(request, answer);
        return answer.status;
    }
    void upload(const std::string& contentId, const char* suffix, const Deadline& deadline) const
    {
        platform::HttpRequest request = object("PUT", contentId + suffix);
        request.uploadFile = local(contentId, suffix).string();
        send(request, 200, deadline);
    }
    bool isReferred(const std::string& contentId, const Deadline& deadline) const;
    bool isStored(const std::string& contentId, const Deadline& deadline) const;
    /// The caller holds @ref exchange.
    void shrinkCache(const Deadline& deadline) const
    {
        cache.shrink(settings.cacheBytes,
                     [&](const std::string& contentId) { return isStored(contentId, deadline); });
    }
};

bool S3Mirror::State::isReferred(const std::string& contentId, const Deadline& deadline) const
{
    platform::HttpRequest list = s3Request(settings, reach, "GET", settings.bucket, "");
    list.url += "?list-type=2&max-keys=1&prefix=" + platform::urlEncode(settings.prefix + refs(contentId));
    platform::HttpClient client;
    const platform::HttpResponse answer = client.send(list, deadline);
    if (answer.status / 100 != 2)
        throw unexpected(list, answer);
    return answer.body.find("<Key>") != std::string::npos;
}

/// True if the object is in the bucket. Restores it first when another bmd deleted it: that bmd may have
/// listed the references before this one wrote its own.
bool S3Mirror::State::isStored(const std::string& contentId, const Deadline& deadline) const
{
    try {
        if (send(object("HEAD", contentId + ".manifest"), 404, deadline) != 404)
            return true;
        upload(contentId, ".zst", deadline);
        upload(contentId, ".manifest", deadline);
        return true;
    } catch (const Error& error) {
        platform::logWarning("images", "{} is kept in the folder: {}", contentId, error.what());
        return false;
    }
}

S3Mirror::S3Mirror(S3Settings settings, platform::Reach reach, std::filesystem::path objects,
                   std::filesystem::path incoming, std::string storeId)
    : state_(std::make_unique<State>(std::move(settings), std::move(reach), std::move(objects),
                                     std::move(incoming), std::move(storeId)))
{
    state_->worker = std::jthread([this](const std::stop_token& stop) { work(stop); });
}

S3Mirror::~S3Mirror() = default;

void S3Mirror::put(const std::string& contentId, const Deadline& deadline)
{
    const std::uint64_t stored = std::filesystem::file_size(state_->local(contentId, ".zst"));
    if (stored > kMostInOnePut)
        throw Error(ErrorCode::ImageTooLarge,
                    fmt::format("the image has {} stored, but an object of a bucket has at most 5 GiB",
                                humanBytes(stored)),
                    "keep the store in a folder (s3.bucket empty), or shrink the image");
    const std::lock_guard lock(state_->exchange);
    platform::HttpRequest mark = state_->object("PUT", state_->refs(contentId) + state_->storeId);
    mark.body = "1";
    state_->send(mark, 200, deadline);
    if (state_->send(state_->object("HEAD", contentId + ".manifest"), 404, deadline) != 404)
        return;
    state_->upload(contentId, ".zst", deadline);
    state_->upload(contentId, ".manifest", deadline);
    state_->cache.touch(contentId);
    state_->shrinkCache(deadline);
}

bool S3Mirror::request(const std::string& contentId)
{
    std::error_code ignored;
    if (std::filesystem::exists(state_->local(contentId, ".manifest"), ignored)) {
        state_->cache.touch(contentId);
        return true;
    }
    const std::lock_guard lock(state_->mutex);
    if (const auto failed = state_->failures.extract(contentId); !failed.empty())
        throw Error(failed.mapped());
    if (state_->fetching.insert(contentId).second) {
        state_->waiting.push_back(contentId);
        state_->came.notify_one();
    }
    return false;
}

void S3Mirror::fetch(const std::string& contentId, const std::filesystem::path& blocks,
                     const std::filesystem::path& manifest, const Deadline& deadline) const
{
    const std::string text =
        fetchText(state_->object("GET", contentId + ".manifest"), kMirrorManifestLimit, deadline);
    const Manifest parsed = parseManifest(std::as_bytes(std::span(text)));
    if (parsed.contentId() != contentId)
        throw Error(ErrorCode::ImageCorrupt,
                    "the bucket's manifest of " + contentId + " belongs to another image",
                    "bm image verify; add the image again");
    downloadWith(state_->object("GET", contentId + ".zst"), blocks, parsed.storedBytes, {}, deadline);
    if (std::filesystem::file_size(blocks) != parsed.storedBytes)
        throw Error(ErrorCode::ImageCorrupt, "the bucket's blocks of " + contentId + " are truncated",
                    "bm image verify; add the image again");
    platform::writeFileAtomically(manifest, text);
}

void S3Mirror::fetchIn(const std::string& contentId, const Deadline& deadline)
{
    const std::filesystem::path half = state_->incoming / (contentId + ".s3");
    const std::filesystem::path manifest = state_->incoming / (contentId + ".s3-manifest");
    fetch(contentId, half, manifest, deadline);
    std::filesystem::rename(half, state_->local(contentId, ".zst"));
    std::filesystem::rename(manifest, state_->local(contentId, ".manifest"));
    const std::lock_guard lock(state_->exchange);
    state_->shrinkCache(deadline);
}

/// The next job of the mirror's thread.
struct S3Mirror::Job {
    std::string contentId;
    bool releasing = false; ///< otherwise it downloads
};

/// Waits for a job; nullopt when the mirror stops.
std::optional<S3Mirror::Job> S3Mirror::nextJob(const std::stop_token& stop)
{
    std::unique_lock lock(state_->mutex);
    if (!state_->came.wait(lock, stop,
                           [this] { return !state_->waiting.empty() || !state_->released.empty(); }))
        return std::nullopt;
    const bool releasing = !state_->released.empty();
    std::deque<std::string>& queue = releasing ? state_->released : state_->waiting;
    Job job{queue.front(), releasing};
    queue.pop_front();
    return job;
}

void S3Mirror::run(const Job& job, const std::stop_token& stop)
{
    if (job.releasing)
        releaseNow(job.contentId, Deadline::in(kReleaseDeadline, stop));
    else
        fetchIn(job.contentId, Deadline::in(kFetchDeadline, stop));
}

void S3Mirror::work(const std::stop_token& stop)
{
    while (const std::optional<Job> job = nextJob(stop)) {
        std::optional<Error> failure;
        try {
            run(*job, stop);
        } catch (const Error& error) {
            failure = error;
        } catch (const std::exception& error) {
            failure = Error(ErrorCode::Internal, error.what());
        }
        if (failure)
            platform::logWarning("images", "{} {} from the bucket: {}",
                                 job->releasing ? "removing" : "fetching", job->contentId, failure->what());
        const std::lock_guard lock(state_->mutex);
        if (job->releasing)
            continue;
        state_->fetching.erase(job->contentId);
        if (failure)
            state_->failures.insert_or_assign(job->contentId, *failure);
    }
}

void S3Mirror::release(const std::string& contentId)
{
    const std::lock_guard lock(state_->mutex);
    state_->released.push_back(contentId);
    state_->came.notify_one();
}

void S3Mirror::releaseNow(const std::string& contentId, const Deadline& deadline)
{
    const std::lock_guard lock(state_->exchange);
    std::error_code ignored;
    if (std::filesystem::exists(state_->local(contentId, ".manifest"), ignored))
        return; // the image was stored again
    state_->send(state_->object("DELETE", state_->refs(contentId) + state_->storeId), 404, deadline);
    if (state_->isReferred(contentId, deadline))
        return;
    withdraw(contentId, deadline);
    state_->send(state_->object("DELETE", contentId + ".zst"), 404, deadline);
}

void S3Mirror::withdraw(const std::string& contentId, const Deadline& deadline)
{
    state_->send(state_->object("DELETE", contentId + ".manifest"), 404, deadline);
}

} // namespace bm::images
