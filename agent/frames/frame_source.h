#pragma once
#include "common/model/deadline.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/http_client.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace bm::agent {

/// Returns the current token for a URL of bmd. The token changes at each lookup. Other servers get none.
/// Thread-safe.
using TokenSource = std::function<std::string(const std::string& url)>;

/// A source of an image's stored bytes (its .zst file). One thread at a time.
class FrameSource {
public:
    virtual ~FrameSource() = default;
    /// Returning false ends the read.
    using Sink = std::function<bool(std::span<const std::byte>)>;
    /// Streams bytes [offset, offset + length) to @p sink until their end, or until @p sink returns false.
    /// @throws Error Unavailable, DeadlineExceeded, Unauthorized, which a later try may avoid; other errors
    /// are permanent
    virtual void read(std::uint64_t offset, std::uint64_t length, const Sink& sink,
                      const std::stop_token& stop) = 0;
    /// The URL or path, for people.
    virtual std::string name() const = 0;
};

/// Ranged GETs over one kept connection; slower than 1 KiB/s for 20 s counts as broken.
class HttpFrameSource final : public FrameSource {
public:
    HttpFrameSource(std::string url, TokenSource token);
    void read(std::uint64_t offset, std::uint64_t length, const Sink& sink,
              const std::stop_token& stop) override;
    std::string name() const override { return url_; }

private:
    std::string url_;
    TokenSource token_;
    platform::HttpClient client_;
};

class FileFrameSource final : public FrameSource {
public:
    explicit FileFrameSource(std::string path);
    void read(std::uint64_t offset, std::uint64_t length, const Sink& sink,
              const std::stop_token& stop) override;
    std::string name() const override { return path_; }

private:
    std::string path_;
    platform::Fd fd_;
};

/// The source for @p location, a URL or a path.
std::unique_ptr<FrameSource> makeFrameSource(const std::string& location, const TokenSource& token);
/// A whole small document (manifest, config drive); repeats the request until it arrives or @p stop.
/// @throws Error NotFound (after some tries), TooLarge, Forbidden ...; Aborted
std::string fetchWhole(const std::string& location, const TokenSource& token, std::size_t limitBytes,
                       const std::stop_token& stop);

/// Throws the error for an answer's status. @throws Error Unavailable (5xx, 408, 429), Unauthorized,
/// NotFound, Internal
void checkStatus(const platform::HttpResponse& response, const std::string& url);
/// True if a later try may succeed.
bool isPassing(const model::Error& error);

/// Pauses of 0.5 s doubling to 10 s, ended early by @p stop.
class BackOff {
public:
    void reset() { next_ = kFirst; }
    /// @throws Error Aborted when stopped
    void wait(const std::stop_token& stop);

private:
    static constexpr std::chrono::milliseconds kFirst{500};
    static constexpr std::chrono::milliseconds kLongest{10'000};
    std::chrono::milliseconds next_{kFirst};
};

} // namespace bm::agent
