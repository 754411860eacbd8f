#include "common/platform/http_client.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/urls.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <curl/curl.h>
#include <exception>
#include <fcntl.h>
#include <fmt/format.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace bm::platform {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;

constexpr std::chrono::milliseconds kProgressInterval{100};
constexpr long kConnectTimeoutMillis = 30'000;
constexpr int kMostRedirects = 10;

struct SlistFree {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, SlistFree>;

void initCurl()
{
    static const CURLcode result = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    if (result != CURLE_OK)
        throw Error(ErrorCode::Internal, "libcurl cannot start");
}

/// The state of one exchange, which libcurl's callbacks fill. They must not throw: they store failures.
struct Transfer {
    CURL* easy = nullptr;
    const HttpRequest& request;
    const BodySink& sink;
    const TransferProgress& progress;
    HttpResponse response{};
    std::exception_ptr failure{};
    bool sinkEnded = false;
    std::string shown{}; ///< the URL in messages: the user's, also behind a redirect
    bool redirected = false;
    Destination to{};
    bool viaProxy = false;
    std::string refusal{}; ///< the reason of refusing an address
    Fd file{};
    std::chrono::steady_clock::time_point reportedAt{};
    std::uint64_t reportedBytes = 0;
};

template <class Function> std::size_t guarded(Transfer& transfer, std::size_t onFailure, Function function)
{
    try {
        return function();
    } catch (...) {
        transfer.failure = std::current_exception();
        return onFailure;
    }
}

std::size_t onHeader(char* bytes, std::size_t size, std::size_t count, void* user)
{
    Transfer& transfer = *static_cast<Transfer*>(user);
    return guarded(transfer, 0, [&] {
        const std::string_view line(bytes, size * count);
        const std::size_t colon = line.find(':');
        if (line.starts_with("HTTP/")) // of each answer of a chain; the last one counts
            transfer.response.headers.clear();
        else if (colon != std::string_view::npos) {
            std::string& value = transfer.response.headers[model::lowerCase(line.substr(0, colon))];
            value += (value.empty() ? "" : ", ");
            value += text::trimmed(line.substr(colon + 1));
        }
        return line.size();
    });
}

std::size_t keepBody(Transfer& transfer, const char* bytes, std::size_t length)
{
    if (transfer.response.body.size() + length > transfer.request.bodyLimitBytes)
        throw Error(ErrorCode::TooLarge, fmt::format("the answer of {} is longer than {} bytes",
                                                     transfer.shown, transfer.request.bodyLimitBytes));
    transfer.response.body.append(bytes, length);
    return length;
}

std::size_t onBody(char* bytes, std::size_t size, std::size_t count, void* user)
{
    Transfer& transfer = *static_cast<Transfer*>(user);
    const std::size_t length = size * count;
    return guarded(transfer, CURL_WRITEFUNC_ERROR, [&] {
        long status = 0;
        ::curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
        if (!transfer.sink || status / 100 != 2)
            return keepBody(transfer, bytes, length);
        if (transfer.sink(std::as_bytes(std::span(bytes, length))))
            return length;
        transfer.sinkEnded = true;
        return std::size_t{CURL_WRITEFUNC_ERROR};
    });
}

std::size_t onUpload(char* buffer, std::size_t size, std::size_t count, void* user)
{
    const Transfer& transfer = *static_cast<Transfer*>(user);
    const ssize_t length = ::read(transfer.file.get(), buffer, size * count);
    return length < 0 ? CURL_READFUNC_ABORT : static_cast<std::size_t>(length);
}

int onSeek(void* user, curl_off_t offset, int origin)
{
    const Transfer& transfer = *static_cast<Transfer*>(user);
    return ::lseek(transfer.file.get(), offset, origin) < 0 ? CURL_SEEKFUNC_FAIL : CURL_SEEKFUNC_OK;
}

int onProgress(void* user, curl_off_t downTotal, curl_off_t down, curl_off_t upTotal, curl_off_t up)
{
    Transfer& transfer = *static_cast<Transfer*>(user);
    const bool uploading = static_cast<bool>(transfer.file);
    const std::uint64_t done = static_cast<std::uint64_t>(uploading ? up : down);
    const std::uint64_t total = static_cast<std::uint64_t>(uploading ? upTotal : downTotal);
    const auto now = std::chrono::steady_clock::now();
    const bool last = total != 0 && done == total;
    if (done == transfer.reportedBytes || (!last && now - transfer.reportedAt < kProgressInterval))
        return 0;
    transfer.reportedAt = now;
    transfer.reportedBytes = done;
    return static_cast<int>(guarded(transfer, 1, [&] {
        transfer.progress(done, total);
        return std::size_t{0};
    }));
}

HeaderList headerList(const HttpRequest& request)
{
    HeaderList list;
    const auto append = [&list](const std::string& line) {
        curl_slist* longer = ::curl_slist_append(list.get(), line.c_str());
        if (longer == nullptr)
            throw std::bad_alloc();
        static_cast<void>(list.release());
        list.reset(longer);
    };
    bool typed = false;
    for (const auto& [name, value] : request.headers) {
        if ((name + value).find_first_of("\r\n") != std::string::npos)
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("the header {} has a line break", model::lowerCase(name)));
        typed = typed || model::lowerCase(name) == "content-type";
        append(value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value));
    }
    if (!typed)
        append("Content-Type:"); // else libcurl declares every body a form
    return list;
}

void setBody(Transfer& transfer)
{
    CURL* easy = transfer.easy;
    const HttpRequest& request = transfer.request;
    if (!request.uploadFile.empty()) {
        transfer.file =
            Fd(request.uploadFile == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                         : ::open(request.uploadFile.c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!transfer.file || ::fstat(transfer.file.get(), &status) != 0)
            throw Error(ErrorCode::NotFound, fmt::format("cannot open {}: {}", request.uploadFile,
                                                         std::generic_category().message(errno)));
        ::curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        ::curl_easy_setopt(easy, CURLOPT_READFUNCTION, onUpload);
        ::curl_easy_setopt(easy, CURLOPT_READDATA, &transfer);
        ::curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, onSeek);
        ::curl_easy_setopt(easy, CURLOPT_SEEKDATA, &transfer);
        if (S_ISREG(status.st_mode)) // else of unknown length: chunked
            ::curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(status.st_size));
    } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
               request.method == "PATCH") {
        ::curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        ::curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                           request.body.c_str()); // borrowed: the request outlives the exchange
    }
    if (request.method == "HEAD")
        ::curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    ::curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

/// libcurl calls it after name resolution, with the address that it is about to connect to.
curl_socket_t onSocket(void* user, curlsocktype /*purpose*/, curl_sockaddr* address)
{
    Transfer& transfer = *static_cast<Transfer*>(user);
    const auto check = [&]() -> std::size_t {
        const Reach& reach = transfer.request.reach;
        if (!reach.checks() || transfer.viaProxy)
            return 1;
        const std::optional<IpAddress> target = ipFromSockaddr(address->addr);
        const std::optional<std::string> why =
            target ? reach.refusal(transfer.to, *target) : std::optional<std::string>("no IP address");
        if (why)
            transfer.refusal = *why;
        return why ? 0 : 1;
    };
    if (guarded(transfer, 0, check) == 0)
        return CURL_SOCKET_BAD;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

void setProxy(Transfer& transfer)
{
    CURL* easy = transfer.easy;
    const Reach& reach = transfer.request.reach;
    const std::string proxy = reach.proxyFor(transfer.to);
    transfer.viaProxy = !proxy.empty();
    if (reach.usesEnvironment() && !isLoopbackUrl(transfer.request.url)) // a proxy's loopback is its own
        return;
    ::curl_easy_setopt(easy, CURLOPT_PROXY, proxy.c_str()); // "": no proxy, and none of the environment
    ::curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
}

void setSecurity(Transfer& transfer)
{
    CURL* easy = transfer.easy;
    const HttpRequest& request = transfer.request;
    ::curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, onSocket);
    ::curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    setProxy(transfer);
    ::curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    if (!request.s3Region.empty()) {
        const std::string scheme = fmt::format("aws:amz:{}:s3", request.s3Region);
        ::curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, scheme.c_str());
    }
    if (!request.username.empty()) {
        if (request.s3Region.empty())
            ::curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        ::curl_easy_setopt(easy, CURLOPT_USERNAME, request.username.c_str());
        ::curl_easy_setopt(easy, CURLOPT_PASSWORD, request.password.c_str());
    }
    if (!request.caFile.empty()) {
        ::curl_easy_setopt(easy, CURLOPT_CAINFO, request.caFile.c_str());
        ::curl_easy_setopt(easy, CURLOPT_CAPATH,
                           static_cast<const char*>(nullptr)); // the pinned CA and no other
    }
}

void setTransfer(Transfer& transfer)
{
    CURL* easy = transfer.easy;
    const HttpRequest& request = transfer.request;
    ::curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    ::curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(easy, CURLOPT_USERAGENT, "bm");
    ::curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMillis);
    ::curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L); // follow() checks each hop
    ::curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
    ::curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, onHeader);
    ::curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    ::curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, onBody);
    ::curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    if (request.range) {
        const std::string range = fmt::format("{}-{}", request.range->first, request.range->second);
        ::curl_easy_setopt(easy, CURLOPT_RANGE, range.c_str());
    }
    if (request.minBytesPerSecond != 0) {
        ::curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, static_cast<long>(request.minBytesPerSecond));
        ::curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stallSeconds));
    }
    if (transfer.progress) {
        ::curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
        ::curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, onProgress);
        ::curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
    }
}

[[noreturn]] void throwTimedOut(const Transfer& transfer, const std::string& where)
{
    curl_off_t connected = 0;
    ::curl_easy_getinfo(transfer.easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (connected == 0)
        throw Error(ErrorCode::Unavailable,
                    fmt::format("no connection to {} in {} s", where, kConnectTimeoutMillis / 1000),
                    "is the server up and reachable from here?");
    throw Error(ErrorCode::DeadlineExceeded,
                fmt::format("{} was slower than {} bytes/s for {} s", where,
                            transfer.request.minBytesPerSecond, transfer.request.stallSeconds));
}

void throwUnlessFine(const Transfer& transfer, CURLcode result, const char* detail)
{
    if (transfer.failure)
        std::rethrow_exception(transfer.failure);
    const std::string where = fmt::format("{} {}", transfer.request.method, transfer.shown);
    if (!transfer.refusal.empty() && result != CURLE_OK)
        throw transfer.request.reach.refused(where, shownUrl(transfer.request.url), transfer.refusal);
    if (transfer.sinkEnded)
        throw Error(ErrorCode::Aborted, where + ": the reader stopped the transfer");
    if (result == CURLE_OK)
        return;
    const bool tells = *detail != '\0' && !transfer.redirected; // the detail names the host
    const std::string why = tells ? detail : ::curl_easy_strerror(result);
    if (result == CURLE_OPERATION_TIMEDOUT)
        throwTimedOut(transfer, where);
    if (result == CURLE_URL_MALFORMAT || result == CURLE_UNSUPPORTED_PROTOCOL)
        throw Error(ErrorCode::InvalidInput, where + ": " + why, "a URL looks like http://host:port/path");
    if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE)
        throw Error(
            ErrorCode::UntrustedServer, where + ": " + why,
            "the server's certificate is not signed by the CA that is trusted here, or names another host");
    throw Error(ErrorCode::Unavailable, where + ": " + why);
}

bool isRedirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// @p request for the next hop of its redirects. A foreign server wrote @p location, so no message contains
/// it.
/// @throws Error InvalidInput
HttpRequest follow(const HttpRequest& request, const std::string& location, const std::string& shown)
{
    const Destination from = destinationOf(request.url);
    const Destination to = destinationOf(location);
    if (to.scheme != "http" && to.scheme != "https")
        throw Error(ErrorCode::InvalidInput,
                    shown + " redirects to an address that is neither http nor https");
    if (from.scheme == "https" && to.scheme == "http")
        throw Error(ErrorCode::InvalidInput, shown + " redirects from https to http",
                    "use an address that stays with https");
    HttpRequest next = request;
    next.url = location;
    if (from != to) { // credentials belong to scheme, host and port
        next.username.clear();
        next.password.clear();
        std::erase_if(next.headers,
                      [](const auto& header) { return !model::lowerCase(header.first).starts_with("if-"); });
    }
    return next;
}

} // namespace

struct HttpClient::State {
    CURLM* multi = ::curl_multi_init();
    CURL* easy = ::curl_easy_init();

    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State()
    {
        ::curl_easy_cleanup(easy);
        ::curl_multi_cleanup(multi);
    }
    /// Drives the prepared handle to its end; a stop request wakes it at once.
    CURLcode drive(const Transfer& transfer, const Deadline& deadline) const;
    /// One request with its redirects.
    HttpResponse run(const HttpRequest& request, const BodySink& sink, const TransferProgress& progress,
                     const Deadline& deadline);

private:
    /// One hop. Sets @p location where the answer is a redirect.
    HttpResponse exchange(const HttpRequest& request, const BodySink& sink, const TransferProgress& progress,
                          const Deadline& deadline, const std::string& shown, std::string& location) const;
    /// Closes connections that were opened under another reach.
    void keepConnectionsOf(const Reach& reach);
    std::optional<Reach> reach_{};
};

CURLcode HttpClient::State::drive(const Transfer& transfer, const Deadline& deadline) const
{
    const std::stop_callback wake(deadline.stop, [this] { ::curl_multi_wakeup(multi); });
    for (int running = 1; running != 0;) {
        if (deadline.stop.stop_requested())
            throw Error(ErrorCode::Aborted,
                        fmt::format("{} {} was stopped", transfer.request.method, transfer.shown));
        if (deadline.over())
            throw Error(ErrorCode::DeadlineExceeded, fmt::format("no whole answer to {} {} in time",
                                                                 transfer.request.method, transfer.shown));
        if (::curl_multi_perform(multi, &running) != CURLM_OK)
            return CURLE_FAILED_INIT;
        const std::int64_t wait = std::min<std::int64_t>(deadline.left().count() + 1, 60'000);
        if (running != 0)
            ::curl_multi_poll(multi, nullptr, 0, static_cast<int>(wait), nullptr);
    }
    int left = 0;
    const CURLMsg* message = ::curl_multi_info_read(multi, &left);
    return message == nullptr ? CURLE_FAILED_INIT : message->data.result;
}

HttpResponse HttpClient::State::run(const HttpRequest& request, const BodySink& sink,
                                    const TransferProgress& progress, const Deadline& deadline)
{
    keepConnectionsOf(request.reach);
    const std::string shown = shownUrl(request.url);
    std::optional<HttpRequest> hop;
    for (int followed = 0;; ++followed) {
        const HttpRequest& current = hop ? *hop : request;
        std::string location;
        HttpResponse response = exchange(current, sink, progress, deadline, shown, location);
        const bool reads = current.method == "GET" || current.method == "HEAD";
        if (!request.followRedirects || !reads || !isRedirect(response.status) || location.empty())
            return response;
        if (followed == kMostRedirects)
            throw Error(ErrorCode::Unavailable,
                        fmt::format("{} redirects more than {} times", shown, followed));
        hop = follow(current, location, shown);
    }
}

void HttpClient::State::keepConnectionsOf(const Reach& reach)
{
    if (reach_ && *reach_ != reach) {
        ::curl_multi_cleanup(multi);
        multi = ::curl_multi_init();
    }
    reach_ = reach;
}

HttpResponse HttpClient::State::exchange(const HttpRequest& request, const BodySink& sink,
                                         const TransferProgress& progress, const Deadline& deadline,
                                         const std::string& shown, std::string& location) const
{
    request.reach.requireUrl(request.url, shown);
    ::curl_easy_reset(easy);
    Transfer transfer{easy, request, sink, progress};
    transfer.shown = shown;
    transfer.redirected = shown != shownUrl(request.url);
    transfer.to = destinationOf(request.url);
    const HeaderList headers = headerList(request);
    std::vector<char> detail(CURL_ERROR_SIZE, '\0');
    setTransfer(transfer);
    setSecurity(transfer);
    setBody(transfer);
    ::curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    ::curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail.data());
    ::curl_multi_add_handle(multi, easy);
    const std::unique_ptr<CURL, std::function<void(CURL*)>> added(easy, [this](CURL* handle) {
        ::curl_multi_remove_handle(multi, handle);
        ::curl_easy_reset(handle); // it points at this call's stack
    });
    throwUnlessFine(transfer, drive(transfer, deadline), detail.data());
    long status = 0;
    ::curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    const char* next = nullptr;
    ::curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &next);
    location = next == nullptr ? "" : next;
    return std::move(transfer.response);
}

HttpClient::HttpClient()
{
    initCurl();
    state_ = std::make_unique<State>();
}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResponse HttpClient::send(const HttpRequest& request, const Deadline& deadline)
{
    return state_->run(request, {}, {}, deadline);
}

HttpResponse HttpClient::stream(const HttpRequest& request, const BodySink& sink, const Deadline& deadline,
                                const TransferProgress& progress)
{
    return state_->run(request, sink, progress, deadline);
}

HttpResponse HttpClient::upload(const HttpRequest& request, const TransferProgress& progress,
                                const Deadline& deadline)
{
    return state_->run(request, {}, progress, deadline);
}

std::optional<std::chrono::seconds> retryAfter(const HttpResponse& response)
{
    constexpr unsigned kMostSeconds = 99'999;
    const auto header = response.headers.find("retry-after");
    if (header == response.headers.end())
        return std::nullopt;
    const auto seconds = text::parseNumber<unsigned>(header->second);
    return seconds && *seconds <= kMostSeconds ? std::optional{std::chrono::seconds{*seconds}} : std::nullopt;
}

} // namespace bm::platform
