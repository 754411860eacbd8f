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

/// What a handler answers. Sent once, by one of the send calls; a handler that sends nothing answers 204.
class Response {
public:
    virtual ~Response() = default;
    int status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};

    void header(std::string name, std::string value)
    {
        headers.emplace_back(std::move(name), std::move(value));
    }
    /// Body @p json with type application/json.
    void sendJson(int code, std::string_view json);
    void sendText(int code, std::string_view text,
                  std::string_view contentType = "text/plain; charset=utf-8");
    void sendEmpty(int code);
    virtual void send(int code, std::string_view body, std::string_view contentType) = 0;
    /// A file by sendfile(2) on the poll loop: ETag, one Range ("bytes=a-b", RFC 9110 14), 206/304/412/416,
    /// HEAD. The calling thread is free at once. @p onDone is called once, on the loop's thread, with the
    /// bytes of the file that went out and whether all that was asked for did; after HEAD, 304, 412 and 416
    /// it is told (0, false).
    /// @throws Error NotFound when there is no such file
    using FileDone = std::function<void(std::uint64_t bytes, bool whole)>;
    virtual void sendFile(const std::filesystem::path& file, std::string_view contentType,
                          FileDone onDone = {}) = 0;
    /// An answer 200 without an end, chunked (HTTP/1.0: until the connection closes). The calling thread is
    /// free at once, the stream goes on without it; after HEAD it is over from the start.
    /// @throws Error Unavailable when the listener has as many streams as it may (ListenerConfig::maxStreams)
    virtual EventStreamPtr openStream(StreamSettings settings) = 0;
    virtual bool sent() const = 0;
};

} // namespace bm::http
