#pragma once
#include "common/http/event_stream.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bm::http {

/// The answer of a handler, which calls one send function once; a handler that calls none answers 204.
class Response {
public:
    virtual ~Response() = default;
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};

    void header(std::string name, std::string value)
    {
        headers.emplace_back(std::move(name), std::move(value));
    }
    bool hasHeader(std::string_view name) const; ///< case-insensitive
    /// Body @p json with type application/json.
    void sendJson(int code, std::string_view json);
    void sendText(int code, std::string_view text,
                  std::string_view contentType = "text/plain; charset=utf-8");
    void sendEmpty(int code);
    virtual void send(int code, std::string_view body, std::string_view contentType) = 0;
    /// A file by sendfile(2) on the poll loop: ETag, one Range ("bytes=a-b", RFC 9110 14), 206/304/412/416,
    /// HEAD. Returns at once. The loop's thread calls @p onDone once, with the count of sent bytes and
    /// whether the requested range was sent to its end; with (0, false) after HEAD, 304, 412 and 416.
    /// @throws Error NotFound when there is no such file
    using FileDone = std::function<void(std::uint64_t bytes, bool whole)>;
    virtual void sendFile(const std::filesystem::path& file, std::string_view contentType,
                          FileDone onDone = {}) = 0;
    /// An endless answer 200, chunked (HTTP/1.0: until the connection closes). Returns at once; the stream
    /// outlives the call. After HEAD the stream is over from the start.
    /// @throws Error Unavailable when the listener has as many streams as it may (ListenerConfig::maxStreams)
    virtual EventStreamPtr openStream(StreamSettings settings) = 0;
    virtual bool sent() const = 0;
};

} // namespace bm::http
