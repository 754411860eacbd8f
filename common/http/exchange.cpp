#include "common/http/exchange.h"

#include "common/model/error.h"
#include "common/model/ids.h"

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Timestamp.h>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace bm::http {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kStreamedTextLimit = std::size_t{1024} * 1024;

std::string baseOf(const Connection& connection, const Head& head, const ForwardedClient& client)
{
    const std::string_view scheme = client.https.value_or(connection.encrypted()) ? "https" : "http";
    if (!head.host.empty())
        return fmt::format("{}://{}", scheme, head.host);
    const std::string address = localAddressOf(connection.fd());
    const bool v6 = address.find(':') != std::string::npos;
    return fmt::format("{}://{}{}{}:{}", scheme, v6 ? "[" : "", address, v6 ? "]" : "",
                       localPortOf(connection.fd()));
}

/// The client's own request id, when it is fit for a log line.
std::string requestIdOf(const Head& head)
{
    for (const char* name : {"X-Openstack-Request-Id", "X-Request-Id"}) {
        std::string given = head.field(name).value_or("");
        const bool sane = given.size() >= 8 && given.size() <= 64 &&
                          std::all_of(given.begin(), given.end(), [](unsigned char c) {
                              return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                          });
        if (sane)
            return given;
    }
    return "req-" + model::makeUuid();
}

bool mayHaveBody(int code)
{
    return code >= 200 && code != 204 && code != 304;
}

std::string_view reasonOf(int code)
{
    static const std::string unknown = "Unknown";
    const std::string& reason =
        Poco::Net::HTTPResponse::getReasonForStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(code));
    return code == 507 ? std::string_view("Insufficient Storage") : std::string_view(reason);
}

} // namespace

ServerRequest::ServerRequest(Connection& connection, IncomingRequest& incoming, const ListenerConfig& config)
    : head_(incoming.head),
      buffer_(connection, incoming, Pace(config.minSendBytesPerSecond, config.stallWindow)), stream_(buffer_)
{
    method = head_.method;
    path = head_.path;
    query = head_.query;
    const ForwardedClient& client = incoming.client ? *incoming.client : connection.client;
    peerAddress = client.address;
    localBase = baseOf(connection, head_, client);
    requestId = requestIdOf(head_);
    bodyPending = !incoming.whole();
    bodyBytes = head_.contentLength.value_or(incoming.body.size());
}

std::istream& ServerRequest::bodyStream()
{
    if (bodyPending && onAwait_)
        onAwait_();
    return stream_;
}

std::string ServerRequest::body()
{
    bodyStream();
    std::string text;
    std::array<char, 16384> piece{};
    while (stream_.read(piece.data(), piece.size()), stream_.gcount() > 0) {
        text.append(piece.data(), static_cast<std::size_t>(stream_.gcount()));
        if (bodyPending && text.size() > kStreamedTextLimit)
            throw Error(ErrorCode::TooLarge,
                        fmt::format("the body is longer than {} bytes", kStreamedTextLimit));
    }
    return text;
}

ServerResponse::ServerResponse(Connection& connection, const Head* head, const ListenerConfig& config,
                               StreamCount streams)
    : connection_(connection), config_(config), isHead_(head != nullptr && head->method == Method::Head),
      http10_(head != nullptr && head->http10), keepAlive_(head != nullptr && head->keepAlive), head_(head),
      streams_(std::move(streams))
{}

/// Without a @p length the body is chunked, or ends with the connection (HTTP/1.0).
std::string ServerResponse::headText(int code, std::optional<std::uint64_t> length,
                                     std::string_view contentType) const
{
    std::string text =
        fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\nServer: {}\r\n", code, reasonOf(code),
                    Poco::DateTimeFormatter::format(Poco::Timestamp(), Poco::DateTimeFormat::HTTP_FORMAT),
                    config_.serverName);
    for (const auto& [name, value] : headers) {
        if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
            throw Error(ErrorCode::Internal, fmt::format("the answer's header {} holds a line break", name));
        text += fmt::format("{}: {}\r\n", name, value);
    }
    if (!contentType.empty())
        text += fmt::format("Content-Type: {}\r\n", contentType);
    if (mayHaveBody(code) && length)
        text += fmt::format("Content-Length: {}\r\n", *length);
    else if (!length && !http10_)
        text += "Transfer-Encoding: chunked\r\n";
    if (!keepAlive_)
        text += "Connection: close\r\n";
    else if (http10_)
        text += "Connection: keep-alive\r\n";
    return text + "\r\n";
}

void ServerResponse::send(int code, std::string_view body, std::string_view contentType)
{
    BM_ASSERT(!sent_);
    std::string text = headText(code, body.size(), contentType);
    if (mayHaveBody(code) && !isHead_) {
        text += body;
        bodyBytes_ = body.size();
    }
    status = code;
    sent_ = true;
    if (const std::size_t written = connection_.writeSome(text); written < text.size())
        pending_ = PendingAnswer{.bytes = std::move(text), .bytesSent = written};
}

void ServerResponse::sendFile(const std::filesystem::path& file, std::string_view contentType,
                              FileDone onDone)
{
    BM_ASSERT(!sent_ && head_ != nullptr);
    PendingAnswer pending;
    pending.file = platform::Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts {};
    if (!pending.file || ::fstat(pending.file.get(), &facts) != 0 || !S_ISREG(facts.st_mode))
        throw Error(ErrorCode::NotFound,
                    fmt::format("cannot serve {}: {}", file.filename().string(),
                                pending.file ? "not a file" : std::generic_category().message(errno)));
    const FileAnswer answer = answerForFile(*head_, facts);
    header("ETag", answer.etag);
    header("Last-Modified", answer.lastModified);
    header("Accept-Ranges", "bytes");
    if (answer.status == 206)
        header("Content-Range", fmt::format("bytes {}-{}/{}", answer.offset,
                                            answer.offset + answer.length - 1, facts.st_size));
    else if (answer.status == 416)
        header("Content-Range", fmt::format("bytes */{}", facts.st_size));
    pending.offset = answer.offset;
    pending.left = isHead_ ? 0 : answer.length;
    pending.content = !isHead_ && answer.status / 100 == 2;
    pending.onDone = std::move(onDone);
    pending.bytes = headText(answer.status, answer.length, contentType);
    pending.bytesSent = connection_.writeSome(pending.bytes);
    status = answer.status;
    sent_ = true;
    bodyBytes_ = pending.left;
    pending_ = std::move(pending);
}

EventStreamPtr ServerResponse::openStream(StreamSettings settings)
{
    BM_ASSERT(!sent_);
    if (!isHead_ && streams_() >= static_cast<std::size_t>(config_.maxStreams)) {
        header("Retry-After", "30");
        throw Error(ErrorCode::Unavailable, fmt::format("{} event streams are open already", streams_()),
                    "end some, raise api.max_streams, or ask by ?after= and ?wait_seconds=");
    }
    keepAlive_ = false;
    if (!hasHeader("Cache-Control"))
        header("Cache-Control", "no-store");
    header("X-Accel-Buffering", "no"); // nginx passes it on unbuffered
    std::string unsent = headText(200, std::nullopt, settings.contentType);
    unsent.erase(0, connection_.writeSome(unsent));
    status = 200;
    sent_ = true;
    if (isHead_ && !unsent.empty())
        pending_ = PendingAnswer{.bytes = std::exchange(unsent, {})};
    auto stream = std::make_shared<EventStream>(std::move(settings), !http10_, std::move(unsent));
    if (isHead_)
        stream->detach();
    else
        stream_ = stream;
    return stream;
}

} // namespace bm::http
