#include "conductor/images/image_fetch.h"

#include "images/sources/checksum_file.h"
#include "images/sources/s3_request.h"
#include "images/sources/source_reach.h"
#include "images/store/peer_image.h"

#include <algorithm>

namespace bm::conductor {

namespace {

constexpr std::size_t kChecksumFileLimit = std::size_t{4} << 20U;

bool isUrl(const std::string& checksum)
{
    return checksum.find("://") != std::string::npos;
}

platform::HttpRequest requestFor(const images::SourceUrl& source, const images::SourceSettings& settings,
                                 platform::Asker asker)
{
    const platform::Reach reach = images::reachOf(source, settings, asker);
    if (source.kind == images::SourceKind::S3)
        return images::s3Request(settings.s3, reach, "GET", source.bucket, source.key);
    platform::HttpRequest request{reach};
    request.url = source.url;
    return request;
}

/// Returns "sha256:..." unchanged; for the URL of a checksum file, the file's checksum of @p name.
std::string resolveChecksum(const std::string& checksum, const std::string& name,
                            const images::SourceSettings& settings, platform::Asker asker,
                            const model::Deadline& deadline)
{
    if (!isUrl(checksum))
        return checksum;
    const std::string text = images::fetchText(requestFor(images::parseSourceUrl(checksum), settings, asker),
                                               kChecksumFileLimit, deadline);
    return images::checksumFromFile(text, name);
}

/// Passes progress on to @p onProgress, and ends a fetch that would use the disk space of images.reserve: the
/// server may hide its file's length, or lie about it. Both references outlive the function.
images::FetchProgress keepingTheReserve(const images::ImageStore& store,
                                        const images::FetchProgress& onProgress)
{
    constexpr std::uint64_t kBetweenChecks = std::uint64_t{64} << 20U;
    return [&store, &onProgress, next = std::uint64_t{0}](std::uint64_t done, std::uint64_t total) mutable {
        if (done >= next) {
            store.checkFreeSpace(total > 0 ? total - std::min(done, total) : kBetweenChecks);
            next = done + kBetweenChecks;
        }
        onProgress(done, total);
    };
}

} // namespace

std::string incomingName(const db::ImageJob& job)
{
    return job.file.empty() ? job.image.uuid + ".download" : job.file;
}

images::StoredImage bringImageIn(images::ImageStore& store, const db::ImageJob& job, const std::string& url,
                                 std::uint64_t limitBytes, const images::FetchProgress& onProgress,
                                 const model::Deadline& deadline)
{
    const images::SourceSettings& settings = store.settings().sources;
    const platform::Asker asker = platform::askerFromText(job.asker);
    const std::filesystem::path file = store.incomingFolder() / incomingName(job);
    images::ImportRequest request;
    request.file = file;
    request.kind = model::imageKindFromText(job.imageKind);
    if (job.kind == "capture") {
        store.unpackCapture(job.image.uuid, file, deadline);
    } else if (url.empty()) {
        request.expectedChecksum = resolveChecksum(job.checksum, job.sourceName, settings, asker, deadline);
    } else {
        const images::SourceUrl source = images::parseSourceUrl(url);
        if (source.kind == images::SourceKind::Bm)
            return images::importFromPeer(source, settings, asker, store, file, limitBytes,
                                          keepingTheReserve(store, onProgress), onProgress, deadline,
                                          job.checksum);
        request.expectedChecksum = resolveChecksum(job.checksum, source.name, settings, asker, deadline);
        images::downloadWith(requestFor(source, settings, asker), file, limitBytes,
                             keepingTheReserve(store, onProgress), deadline);
    }
    return store.import(
        request,
        [&](const images::ImportProgress& progress) {
            onProgress(progress.sourceBytes, progress.sourceTotal);
        },
        deadline);
}

} // namespace bm::conductor
