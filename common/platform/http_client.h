#pragma once
#include "common/model/deadline.h"
#include "common/platform/outgoing_policy.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace bm::platform {

struct HttpRequest {
    Reach reach; ///< permitted destinations; it decides on refusals and on the proxy
    std::string method = "GET";
    std::string url{};
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::string uploadFile{}; ///< the file to stream as the body, instead of @ref body; "-": stdin
    std::string username{};   ///< basic auth; empty: none
    std::string password{};
    std::string s3Region{};       ///< not empty: signs for S3 (AWS SigV4); username and password are the keys
    std::string caFile{};         ///< PEM of the pinned CA; empty: the system's
    bool followRedirects = false; ///< of GET and HEAD, ten at most; never from https to http. Another scheme,
                                  ///< host or port gets neither credentials nor headers but conditions
    std::optional<std::pair<std::uint64_t, std::uint64_t>> range{}; ///< first and last byte, inclusive
    std::size_t bodyLimitBytes = std::size_t{64} * 1024 * 1024;     ///< of an answer in memory
    std::uint64_t minBytesPerSecond = 0; ///< slower during stallSeconds: DeadlineExceeded; 0: no minimum
    unsigned stallSeconds = 20;
};

struct HttpResponse {
    int status = 0;
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string body;
};

/// The pause that the answer wants before the next request (RFC 9110, 10.2.3, the form in seconds). None
/// without the header, with a date, and over 99,999 s.
std::optional<std::chrono::seconds> retryAfter(const HttpResponse& response);

/// Called with each piece of an answer's body; returning false ends the transfer (Aborted).
using BodySink = std::function<bool(std::span<const std::byte>)>;
/// Gets the bytes moved and the bytes in all (0: unknown) of an upload or download, ten times a second at
/// most.
using TransferProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// Outgoing HTTP(S) by libcurl. One object keeps its connections alive; use one per thread. Only http and
/// https. The reach of a request is checked for its URL, for each address that libcurl connects to, and for
/// every redirect. Proxies of the environment count for Reach::ofPerson() only.
/// @throws model::Error Unavailable (no connection, connection lost), DeadlineExceeded, Aborted, TooLarge,
/// InvalidInput (malformed URL, a refused destination). Any status is a value.
class HttpClient {
public:
    HttpClient();
    ~HttpClient();
    HttpClient(HttpClient&&) noexcept;
    HttpClient& operator=(HttpClient&&) noexcept;
    HttpResponse send(const HttpRequest& request, const model::Deadline& deadline);
    /// As send(), but passes the body of a 2xx answer to @p sink. The answer holds the body of an error.
    HttpResponse stream(const HttpRequest& request, const BodySink& sink, const model::Deadline& deadline,
                        const TransferProgress& progress = {});
    HttpResponse upload(const HttpRequest& request, const TransferProgress& progress,
                        const model::Deadline& deadline);

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Percent-encodes one path segment or query value (RFC 3986 unreserved stay).
std::string urlEncode(std::string_view text);

} // namespace bm::platform
