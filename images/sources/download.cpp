#include "images/sources/download.h"
#include "common/model/error.h"
#include "common/platform/condition.h"
#include "common/platform/files.h"
#include "common/platform/http_client.h"
#include "common/platform/urls.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"
#include "images/base/confined_child.h"
#include "images/base/disk_space.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <sys/stat.h>
#include <unistd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr int kTriesWithoutProgress = 6;
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kLongestPause{10'000};
constexpr std::uint64_t kLeastBytesPerSecond = 1024;
constexpr unsigned kStallSeconds = 30;

/// @p url without user, password and query, which may be secrets.
std::string displayUrl(const std::string& url)
{
    return platform::shownUrl(url);
}

/// The server's answer to HEAD: facts about the file before the download.
struct Remote {
    std::uint64_t totalBytes = 0; ///< 0: unknown
    bool resumable = false;
    std::string version; ///< ETag or Last-Modified; "": none
};

std::string header(const platform::HttpResponse& response, const char* name)
{
    const auto found = response.headers.find(name);
    return found == response.headers.end() ? std::string() : found->second;
}

[[noreturn]] void throwStatus(const platform::HttpRequest& request, int status)
{
    const std::string& url = request.url;
    if (status >= 500 || status == 429)
        throw Error(ErrorCode::Unavailable, fmt::format("{} answered {}", displayUrl(url), status),
                    "try again later");
    if (!request.s3Region.empty() && (status == 401 || status == 403))
        throw Error(ErrorCode::InvalidInput, fmt::format("{} answered {}", displayUrl(url), status),
                    "check the keys in s3.credentials_file and their permission to read the object");
    throw Error(ErrorCode::InvalidInput, fmt::format("{} answered {}", displayUrl(url), status),
                "check the URL, and that bmd has the credentials for it");
}

void pauseFor(std::chrono::milliseconds span, const model::Deadline& deadline)
{
    platform::pauseFor(std::min(span, deadline.left()), deadline.stop);
    throwIfOver(deadline);
}

/// The download of one file.
class Download {
public:
    Download(const platform::HttpRequest& base, const std::filesystem::path& file, std::uint64_t limitBytes,
             const std::function<void(std::uint64_t, std::uint64_t)>& onProgress,
             const model::Deadline& deadline)
        : base_(base), url_(base.url), file_(file), versionFile_(file.string() + ".version"),
          limitBytes_(limitBytes), onProgress_(onProgress), deadline_(deadline),
          fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600))
    {
        if (!fd_)
            throwWriteFailed("opening " + file.string(), errno);
    }

    void run()
    {
        std::chrono::milliseconds pause = kFirstPause;
        int idle = 0;
        while (true) {
            const std::uint64_t before = size();
            try {
                fetch();
                std::filesystem::remove(versionFile_);
                return;
            } catch (const Error& error) {
                throwIfOver(deadline_);
                const bool passing =
                    error.code() == ErrorCode::Unavailable || error.code() == ErrorCode::DeadlineExceeded;
                idle = size() > before ? 0 : idle + 1;
                if (!passing || idle >= kTriesWithoutProgress)
                    throw;
            }
            pause = idle == 0 ? kFirstPause : std::min(2 * pause, kLongestPause);
            pauseFor(pause, deadline_);
        }
    }

private:
    std::uint64_t size() const
    {
        struct stat status {};
        ::fstat(fd_.get(), &status);
        return static_cast<std::uint64_t>(status.st_size);
    }

    platform::HttpRequest request(const char* method) const
    {
        platform::HttpRequest request = base_;
        request.method = method;
        request.followRedirects = request.s3Region.empty(); // a signature is valid for one URL
        request.minBytesPerSecond = kLeastBytesPerSecond;
        request.stallSeconds = kStallSeconds;
        return request;
    }

    /// Sends HEAD. A server that refuses it (a presigned URL) is read by GET alone.
    Remote probe()
    {
        const platform::HttpResponse answer = client_.send(request("HEAD"), deadline_);
        Remote remote;
        if (answer.status / 100 != 2)
            return remote;
        remote.totalBytes = text::parseNumber<std::uint64_t>(header(answer, "content-length")).value_or(0);
        remote.resumable =
            remote.totalBytes > 0 && header(answer, "accept-ranges").find("bytes") != std::string::npos;
        remote.version = header(answer, "etag");
        if (remote.version.empty() || remote.version.starts_with("W/"))
            remote.version = header(answer, "last-modified");
        return remote;
    }

    void checkSize(std::uint64_t bytes) const
    {
        if (bytes > limitBytes_)
            throw Error(ErrorCode::TooLarge,
                        fmt::format("{} is larger than {} bytes", displayUrl(url_), limitBytes_),
                        "raise the limit (bmd --print-config), or use a smaller image");
    }

    /// The offset to resume at: the end of the partial file when its version matches, else 0 with an emptied
    /// file.
    std::uint64_t begin(const Remote& remote) const
    {
        std::string version;
        if (std::filesystem::exists(versionFile_))
            version = platform::readFile(versionFile_);
        const bool same = !version.empty() && version == remote.version; // an unknown version never matches
        const std::uint64_t have = size();
        if (remote.resumable && same && have <= remote.totalBytes)
            return have;
        if (::ftruncate(fd_.get(), 0) != 0)
            throwWriteFailed("emptying " + file_.string(), errno);
        return 0;
    }

    void fetch()
    {
        const Remote remote = probe();
        checkSize(remote.totalBytes);
        const std::uint64_t from = begin(remote);
        if (!remote.version.empty())
            platform::writeFileAtomically(versionFile_, remote.version, 0600);
        if (remote.totalBytes > 0 && remote.totalBytes - from > freeBytes(file_.parent_path()))
            checkFreeSpace(file_.parent_path(), 0, remote.totalBytes - from);
        if (from == 0 || from < remote.totalBytes)
            transfer(remote, from);
        if (remote.totalBytes > 0 && size() < remote.totalBytes)
            throw Error(ErrorCode::Unavailable, fmt::format("{} ended early", displayUrl(url_)),
                        "try again later");
    }

    void transfer(const Remote& remote, std::uint64_t from)
    {
        platform::HttpRequest get = request("GET");
        if (from > 0) {
            get.range = {from, remote.totalBytes - 1};
            if (remote.version.starts_with('"'))
                get.headers.emplace_back("If-Match",
                                         remote.version); // a changed file answers 412 without a body
            else
                get.headers.emplace_back("If-Unmodified-Since", remote.version);
        }
        std::uint64_t at = from;
        const auto sink = [&](std::span<const std::byte> bytes) {
            checkSize(at + bytes.size());
            write(bytes, at);
            at += bytes.size();
            if (onProgress_)
                onProgress_(at, remote.totalBytes);
            return true;
        };
        const platform::HttpResponse answer = client_.stream(get, sink, deadline_);
        const bool wrongPart = from > 0 && answer.status != 206;
        if (wrongPart && ::ftruncate(fd_.get(), 0) != 0)
            throwWriteFailed("emptying " + file_.string(), errno);
        if (wrongPart)
            throw Error(ErrorCode::Unavailable,
                        fmt::format("{} changed during the download", displayUrl(url_)));
        if (answer.status / 100 != 2)
            throwStatus(base_, answer.status);
    }

    void write(std::span<const std::byte> bytes, std::uint64_t at) const
    {
        while (!bytes.empty()) {
            const ssize_t count = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0)
                throwWriteFailed("writing the download", errno);
            bytes = bytes.subspan(static_cast<std::size_t>(count));
            at += static_cast<std::uint64_t>(count);
        }
    }

    const platform::HttpRequest& base_;
    const std::string& url_;
    const std::filesystem::path& file_;
    std::filesystem::path versionFile_;
    std::uint64_t limitBytes_;
    const std::function<void(std::uint64_t, std::uint64_t)>& onProgress_;
    const model::Deadline& deadline_;
    platform::Fd fd_;
    platform::HttpClient client_;
};

} // namespace

void downloadWith(const platform::HttpRequest& base, const std::filesystem::path& file,
                  std::uint64_t limitBytes, const FetchProgress& onProgress, const model::Deadline& deadline)
{
    Download(base, file, limitBytes, onProgress, deadline).run();
}

std::string fetchText(const platform::HttpRequest& base, std::size_t limitBytes,
                      const model::Deadline& deadline)
{
    platform::HttpRequest request = base;
    request.followRedirects = request.s3Region.empty();
    request.bodyLimitBytes = limitBytes;
    request.minBytesPerSecond = 1;
    request.stallSeconds = kStallSeconds;
    platform::HttpClient client;
    platform::HttpResponse answer = client.send(request, deadline);
    for (int i = 0; i < kTriesWithoutProgress && answer.status == 503;
         ++i) { // S3 asks clients to repeat the request
        pauseFor(std::min(kFirstPause * (1 << i), kLongestPause), deadline);
        answer = client.send(request, deadline);
    }
    if (answer.status / 100 != 2)
        throwStatus(request, answer.status);
    return std::move(answer.body);
}

} // namespace bm::images
