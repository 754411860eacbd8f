#pragma once
#include "common/http/body_stream.h"
#include "common/http/file_range.h"
#include "common/http/request.h"
#include "common/http/response.h"
#include "common/http/server.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace bm::http {

/// The rest of an answer that a connection still has to send: bytes, then a part of a file.
struct PendingAnswer {
    std::string bytes{};
    std::size_t bytesSent = 0;
    platform::Fd file{};
    std::uint64_t offset = 0;
    std::uint64_t left = 0;
    std::uint64_t sent = 0;
    bool content = false; ///< not HEAD, 304 or 416
    bool keepAlive = false;
    Response::FileDone onDone{};
};

/// A request off a connection.
class ServerRequest final : public Request {
public:
    ServerRequest(Connection& connection, IncomingRequest& incoming, const ListenerConfig& config);
    std::optional<std::string> header(std::string_view name) const override { return head_.field(name); }
    std::string body() override;
    std::istream& bodyStream() override;
    /// @p callback runs before the wait for an authenticated client's body; proved and actor are set.
    void onAwait(std::function<void()> callback) { onAwait_ = std::move(callback); }
    std::optional<std::uint64_t> contentLength() const override { return head_.contentLength; }
    BodyBuffer& bodyBuffer() { return buffer_; }

private:
    const Head& head_;
    BodyBuffer buffer_;
    BodyStream stream_;
    std::function<void()> onAwait_{};
};

/// The listener's count of open streams.
using StreamCount = std::function<std::size_t()>;

/// Writes the answer of one request, as far as the socket takes it; the rest stays in pending(). When the
/// client is gone, it marks the connection as broken; the handler gets no error.
class ServerResponse final : public Response {
public:
    ServerResponse(
        Connection& connection, const Head* head, const ListenerConfig& config,
        StreamCount streams = [] { return std::size_t{0}; });
    void send(int code, std::string_view body, std::string_view contentType) override;
    void sendFile(const std::filesystem::path& file, std::string_view contentType, FileDone onDone) override;
    EventStreamPtr openStream(StreamSettings settings) override;
    bool sent() const override { return sent_; }

    /// The connection ends after this answer.
    void close() { keepAlive_ = false; }
    bool keepAlive() const { return keepAlive_; }
    std::optional<PendingAnswer>& pending() { return pending_; }
    EventStreamPtr& pendingStream() { return stream_; } ///< null: none was opened
    std::uint64_t bodyBytes() const { return bodyBytes_; }

private:
    std::string headText(int code, std::optional<std::uint64_t> length, std::string_view contentType) const;

    Connection& connection_;
    const ListenerConfig& config_;
    bool isHead_;
    bool http10_;
    bool keepAlive_;
    const Head* head_;
    bool sent_ = false;
    std::uint64_t bodyBytes_ = 0;
    std::optional<PendingAnswer> pending_{};
    StreamCount streams_;
    EventStreamPtr stream_{};
};

} // namespace bm::http
