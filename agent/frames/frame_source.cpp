#include "agent/frames/frame_source.h"

#include "common/model/error.h"
#include "common/platform/condition.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::chrono::hours kReadDeadline{24}; ///< of one ranged GET; a stalled one ends earlier
constexpr std::chrono::minutes kDocumentDeadline{2};
constexpr std::uint64_t kFrameStallBytesPerSecond = 1024;
constexpr unsigned kStallSeconds = 20;
constexpr int kNotFoundTries = 3;

bool isUrl(const std::string& location)
{
    return location.starts_with("http://") || location.starts_with("https://");
}

platform::HttpRequest getRequest(const std::string& url, const TokenSource& token)
{
    platform::HttpRequest request{platform::Reach::fixed()}; // bmd's address, from the kernel's command line
    request.url = url;
    request.minBytesPerSecond = kFrameStallBytesPerSecond;
    request.stallSeconds = kStallSeconds;
    if (const std::string secret = token ? token(url) : std::string(); !secret.empty())
        request.headers.emplace_back("Authorization", "Bearer " + secret);
    return request;
}

} // namespace

void checkStatus(const platform::HttpResponse& response, const std::string& url)
{
    const int status = response.status;
    if (status / 100 == 2)
        return;
    const std::string what = fmt::format("{} answered {}: {}", url, status, response.body.substr(0, 300));
    if (status >= 500 || status == 408 || status == 429)
        throw Error(ErrorCode::Unavailable, what);
    if (status == 401)
        throw Error(ErrorCode::Unauthorized, what);
    if (status == 403)
        throw Error(ErrorCode::Forbidden, what);
    if (status == 404 || status == 410)
        throw Error(ErrorCode::NotFound, what);
    throw Error(ErrorCode::Internal, what);
}

bool isPassing(const Error& error)
{
    const ErrorCode code = error.code();
    return code == ErrorCode::Unavailable || code == ErrorCode::DeadlineExceeded ||
           code == ErrorCode::Unauthorized;
}

void BackOff::wait(const std::stop_token& stop)
{
    platform::pauseFor(next_, stop);
    next_ = std::min(next_ * 2, kLongest);
    if (stop.stop_requested())
        throw Error(ErrorCode::Aborted, "stopped");
}

HttpFrameSource::HttpFrameSource(std::string url, TokenSource token)
    : url_(std::move(url)), token_(std::move(token))
{}

void HttpFrameSource::read(std::uint64_t offset, std::uint64_t length, const Sink& sink,
                           const std::stop_token& stop)
{
    platform::HttpRequest request = getRequest(url_, token_);
    request.range = {offset, offset + length - 1};
    std::uint64_t got = 0;
    bool ended = false;
    const auto count = [&](std::span<const std::byte> bytes) {
        got += bytes.size();
        ended = !sink(bytes);
        return !ended;
    };
    try {
        const platform::HttpResponse response =
            client_.stream(request, count, Deadline::in(kReadDeadline, stop));
        checkStatus(response, url_);
        if (response.status != 206 && got != length)
            throw Error(ErrorCode::ImageUnsupported, url_ + " does not serve ranges",
                        "serve images from bmd, or from a server that knows Range");
    } catch (const Error& error) {
        if (ended && error.code() == ErrorCode::Aborted && !stop.stop_requested())
            return;
        throw;
    }
    if (got < length)
        throw Error(ErrorCode::Unavailable, fmt::format("{} ended {} bytes early", url_, length - got));
}

FileFrameSource::FileFrameSource(std::string path)
    : path_(std::move(path)), fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC))
{
    if (!fd_)
        throw Error(ErrorCode::NotFound,
                    fmt::format("{}: {}", path_, std::generic_category().message(errno)));
}

void FileFrameSource::read(std::uint64_t offset, std::uint64_t length, const Sink& sink,
                           const std::stop_token& stop)
{
    std::vector<std::byte> piece(std::size_t{64} * 1024);
    while (length > 0) {
        if (stop.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped");
        const std::size_t want = std::min<std::uint64_t>(length, piece.size());
        const ssize_t count = ::pread(fd_.get(), piece.data(), want, static_cast<off_t>(offset));
        if (count <= 0)
            throw Error(ErrorCode::ImageCorrupt, fmt::format("{} ends at byte {}", path_, offset));
        if (!sink(std::span(piece).first(static_cast<std::size_t>(count))))
            return;
        offset += static_cast<std::uint64_t>(count);
        length -= static_cast<std::uint64_t>(count);
    }
}

std::unique_ptr<FrameSource> makeFrameSource(const std::string& location, const TokenSource& token)
{
    if (isUrl(location))
        return std::make_unique<HttpFrameSource>(location, token);
    return std::make_unique<FileFrameSource>(location);
}

std::string fetchWhole(const std::string& location, const TokenSource& token, std::size_t limitBytes,
                       const std::stop_token& stop)
{
    if (!isUrl(location))
        return platform::readFile(location, limitBytes);
    platform::HttpClient client;
    BackOff backOff;
    for (int missing = 0;;) {
        try {
            platform::HttpRequest request = getRequest(location, token);
            request.bodyLimitBytes = limitBytes;
            platform::HttpResponse response = client.send(request, Deadline::in(kDocumentDeadline, stop));
            checkStatus(response, location);
            return std::move(response.body);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::NotFound ? ++missing >= kNotFoundTries : !isPassing(error))
                throw;
        }
        backOff.wait(stop);
    }
}

} // namespace bm::agent
