#include "common/platform/network_probe.h"

#include "common/model/error.h"
#include "common/platform/http_client.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>
#include <poll.h>
#include <system_error>

namespace bm::platform {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;

constexpr std::uint64_t kMostTftpBytes = std::uint64_t{64} << 20U;
constexpr std::chrono::milliseconds kSlice{200};
constexpr std::chrono::milliseconds kLongest{3'600'000}; // libcurl's timeouts are an int of milliseconds

/// One exchange by libcurl; its timeout is the deadline.
class Probe {
public:
    Probe(std::string name, const std::string& url, const Deadline& deadline)
        : name_(std::move(name)), deadline_(deadline)
    {
        static const CURLcode started = ::curl_global_init(CURL_GLOBAL_DEFAULT);
        if (started != CURLE_OK || !easy_)
            throw Error(ErrorCode::Internal, "libcurl cannot start");
        const auto left = std::clamp(deadline.left(), std::chrono::milliseconds{1}, kLongest);
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_PROXY, "");
        set(CURLOPT_NOPROXY, "");
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(left.count()));
        set(CURLOPT_ERRORBUFFER, detail_.data());
        set(CURLOPT_NOPROGRESS, 0L);
        set(CURLOPT_XFERINFOFUNCTION, &Probe::onProgress);
        set(CURLOPT_XFERINFODATA, this);
    }

    template <class Value> void set(CURLoption option, Value value)
    {
        ::curl_easy_setopt(easy_.get(), option, value);
    }
    CURL* easy() const { return easy_.get(); }

    void run()
    {
        const CURLcode result = ::curl_easy_perform(easy_.get());
        if (result == CURLE_OK)
            return;
        if (deadline_.over() || result == CURLE_OPERATION_TIMEDOUT)
            throwLate();
        throw Error(ErrorCode::Unavailable, name_ + ": " + reasonOf(result));
    }
    [[noreturn]] void throwLate() const
    {
        throw Error(ErrorCode::DeadlineExceeded, name_ + " did not answer in time");
    }

private:
    static int onProgress(void* self, curl_off_t /*total*/, curl_off_t /*now*/, curl_off_t /*upTotal*/,
                          curl_off_t /*up*/)
    {
        return static_cast<const Probe*>(self)->deadline_.over() ? 1 : 0;
    }

    std::string reasonOf(CURLcode result) const
    {
        if (result >= CURLE_TFTP_NOTFOUND && result <= CURLE_TFTP_NOSUCHUSER)
            return ::curl_easy_strerror(result); // the server's answer; the buffer holds something else
        long number = 0;
        ::curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &number);
        if (number != 0)
            return std::generic_category().message(static_cast<int>(number));
        return detail_[0] != '\0' ? detail_.data() : ::curl_easy_strerror(result);
    }

    struct Free {
        void operator()(CURL* easy) const { ::curl_easy_cleanup(easy); }
    };
    std::string name_;
    const Deadline& deadline_;
    std::array<char, CURL_ERROR_SIZE> detail_{};
    std::unique_ptr<CURL, Free> easy_{::curl_easy_init()};
};

/// "10.0.0.1:22" or "[fd00::1]:22". @throws Error InvalidInput
std::string placeOf(const std::string& address, std::uint16_t port)
{
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1)
        return fmt::format("{}:{}", address, port);
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1)
        return fmt::format("[{}]:{}", address, port);
    throw Error(ErrorCode::InvalidInput, "\"" + address.substr(0, 80) + "\" is not an IP address");
}

std::size_t countBytes(const char* /*bytes*/, std::size_t size, std::size_t count, void* total)
{
    std::uint64_t& sum = *static_cast<std::uint64_t*>(total);
    sum += size * count;
    return sum > kMostTftpBytes ? 0 : size * count;
}

/// Appends the received bytes. @return false: the server sends no more
bool receive(const Probe& probe, std::string& line, std::size_t most)
{
    std::array<char, 256> bytes{};
    std::size_t got = 0;
    const CURLcode result =
        ::curl_easy_recv(probe.easy(), bytes.data(), std::min(bytes.size(), most - line.size()), &got);
    line.append(bytes.data(), got);
    return result == CURLE_AGAIN || (result == CURLE_OK && got > 0);
}

} // namespace

std::uint64_t fetchByTftp(const std::string& address, std::uint16_t port, const std::string& file,
                          const Deadline& deadline)
{
    const std::string url = fmt::format("tftp://{}/{};mode=octet", placeOf(address, port), urlEncode(file));
    Probe probe("TFTP: " + file, url, deadline);
    std::uint64_t bytes = 0;
    probe.set(CURLOPT_PROTOCOLS_STR, "tftp");
    probe.set(CURLOPT_TFTP_NO_OPTIONS, 1L);
    probe.set(CURLOPT_WRITEFUNCTION, countBytes);
    probe.set(CURLOPT_WRITEDATA, &bytes);
    try {
        probe.run();
    } catch (const Error&) {
        if (bytes > kMostTftpBytes)
            throw Error(ErrorCode::TooLarge, "TFTP: " + file + " is longer than 64 MiB");
        throw;
    }
    return bytes;
}

std::string probeTcp(const Reach& reach, const std::string& address, std::uint16_t port, std::size_t most,
                     const Deadline& deadline)
{
    const std::string place = placeOf(address, port);
    reach.requireUrl("http://" + place);
    Probe probe(place, "http://" + place, deadline);
    probe.set(CURLOPT_CONNECT_ONLY, 1L);
    probe.run();
    curl_socket_t socket = CURL_SOCKET_BAD;
    ::curl_easy_getinfo(probe.easy(), CURLINFO_ACTIVESOCKET, &socket);
    std::string line;
    while (line.size() < most && line.find('\n') == std::string::npos) {
        if (deadline.over())
            probe.throwLate();
        pollfd readable{socket, POLLIN, 0};
        if (::poll(&readable, 1, static_cast<int>(std::min(deadline.left(), kSlice).count())) > 0 &&
            !receive(probe, line, most))
            break;
    }
    return line;
}

} // namespace bm::platform
