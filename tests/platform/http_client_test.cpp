#include "common/platform/http_client.h"

#include "common/model/error.h"
#include "tests/http/fixture.h"

#include <atomic>
#include <catch2/catch.hpp>

using namespace bm::platform;
using namespace bm::test;
using namespace std::chrono_literals;
using bm::http::Method;
using bm::http::Request;
using bm::http::Response;
using bm::model::Deadline;
using bm::model::Error;
using bm::model::ErrorCode;

namespace {

/// A peer that accepts one connection, sends @p text and then stays silent.
class SilentPeer {
public:
    explicit SilentPeer(std::string text = {}) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), length) == 0);
        REQUIRE(::listen(listener_.get(), 5) == 0);
        REQUIRE(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this, text](const std::stop_token& stop) {
            const Fd client(::accept(listener_.get(), nullptr, nullptr));
            ::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
            std::mutex mutex;
            std::condition_variable_any never;
            std::unique_lock lock(mutex);
            never.wait(lock, stop, [] { return false; });
        });
    }
    ~SilentPeer()
    {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.request_stop();
    }
    std::string url() const { return fmt::format("http://127.0.0.1:{}/", port_); }

private:
    Fd listener_;
    std::uint16_t port_ = 0;
    std::jthread thread_{};
};

HttpRequest get(const std::string& url)
{
    HttpRequest request{Reach::fixed()};
    request.url = url;
    return request;
}

Error errorOf(const std::function<void()>& action)
{
    try {
        action();
    } catch (const Error& error) {
        return error;
    }
    FAIL("no Error was thrown");
    return {ErrorCode::Internal, ""};
}

struct ClientWorld : TestServer {
    std::filesystem::path file = makeFile("file", 3'000'000);
    ~ClientWorld() { server.reset(); } // its threads use the other members
    ClientWorld()
    {
        trustEverybody();
        router.add(Method::Get, "/file", [this](Request&, Response& response) {
            response.sendFile(file, "application/octet-stream");
        });
        for (const Method method : {Method::Post, Method::Put, Method::Patch, Method::Delete})
            router.add(method, "/echo",
                       [](Request& request, Response& response) {
                           response.header("X-Type", request.header("Content-Type").value_or("none"));
                           response.header("X-Method", std::string(toText(request.method)));
                           response.sendText(200, request.body());
                       },
                       {.limitBytes = std::size_t{8} << 20});
        router.add(Method::Get, "/who", [](Request& request, Response& response) {
            response.sendText(200, request.header("Authorization").value_or("nobody"));
        });
        router.add(Method::Get, "/moved", [](Request&, Response& response) {
            response.header("Location", "/who");
            response.sendText(302, "over there");
        });
        start();
    }
};

} // namespace

TEST_CASE("an HTTP client", "[platform][http-client]")
{
    const ClientWorld world;
    const std::string all = readFile(world.file);
    HttpClient client;
    const Deadline deadline = Deadline::in(30s);

    SECTION("gets bodies and headers, names in lower case")
    {
        const HttpResponse response = client.send(get(world.url("/file")), deadline);
        CHECK(response.status == 200);
        CHECK(response.headers.at("content-length") == "3000000");
        CHECK((response.body == all));
    }
    SECTION("gives any status as a value")
    {
        const HttpResponse response = client.send(get(world.url("/nothing")), deadline);
        CHECK(response.status == 404);
        CHECK(response.body.find("not-found") != std::string::npos);
    }
    SECTION("sends bodies by every method, without naming their type itself")
    {
        for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
            HttpRequest request = get(world.url("/echo"));
            request.method = method;
            request.body = R"({"a": 1})";
            HttpResponse response = client.send(request, deadline);
            CHECK(response.body == request.body);
            CHECK(response.headers.at("x-method") == method);
            CHECK(response.headers.at("x-type") == "none");
            request.headers = {{"content-type", "application/json"}};
            CHECK(client.send(request, deadline).headers.at("x-type") == "application/json");
            request.body.clear();
            CHECK(client.send(request, deadline).status == 200);
        }
    }
    SECTION("sends HEAD and does not wait for a body")
    {
        HttpRequest request = get(world.url("/file"));
        request.method = "HEAD";
        const HttpResponse response = client.send(request, deadline);
        CHECK(response.headers.at("content-length") == "3000000");
        CHECK(response.body.empty());
    }
    SECTION("uploads a file and reports its progress")
    {
        HttpRequest request = get(world.url("/echo"));
        request.method = "PUT";
        request.uploadFile = world.file.string();
        std::uint64_t last = 0;
        const HttpResponse response = client.upload(
            request, [&](std::uint64_t done, std::uint64_t) { last = done; }, deadline);
        CHECK((response.body == all));
        CHECK(last == all.size());
        request.uploadFile += "-missing";
        CHECK(errorOf([&] { client.upload(request, {}, deadline); }).code() == ErrorCode::NotFound);
    }
    SECTION("streams a body, stops when the sink returns false, and resumes with a range")
    {
        std::string got;
        const auto collect = [&got](std::size_t enough) {
            return [&got, enough](std::span<const std::byte> piece) {
                got.append(reinterpret_cast<const char*>(piece.data()), piece.size());
                return got.size() < enough;
            };
        };
        HttpRequest request = get(world.url("/file"));
        CHECK(errorOf([&] { client.stream(request, collect(100'000), deadline); }).code() ==
              ErrorCode::Aborted);
        CHECK(got.size() >= 100'000);
        CHECK(got.size() < all.size());
        request.range = {got.size(), all.size() - 1};
        std::uint64_t done = 0;
        const HttpResponse response = client.stream(
            request, collect(1U << 30), deadline, [&](std::uint64_t bytes, std::uint64_t) { done = bytes; });
        CHECK(response.status == 206);
        CHECK((got == all));
        CHECK(done == request.range->second - request.range->first + 1);
    }
    SECTION("does not pass an error's body to the sink")
    {
        bool touched = false;
        const HttpResponse response = client.stream(
            get(world.url("/nothing")), [&](std::span<const std::byte>) { return touched = true; }, deadline);
        CHECK(response.status == 404);
        CHECK_FALSE(touched);
        CHECK(response.body.find("not-found") != std::string::npos);
    }
    SECTION("passes the sink's exception on and works afterwards")
    {
        const BodySink sink = [](std::span<const std::byte>) -> bool {
            throw Error(ErrorCode::StoreFull, "full");
        };
        CHECK(errorOf([&] { client.stream(get(world.url("/file")), sink, deadline); }).code() ==
              ErrorCode::StoreFull);
        CHECK(client.send(get(world.url("/who")), deadline).status == 200);
    }
    SECTION("keeps to its limit of memory")
    {
        HttpRequest request = get(world.url("/file"));
        request.bodyLimitBytes = 1000;
        CHECK(errorOf([&] { client.send(request, deadline); }).code() == ErrorCode::TooLarge);
    }
    SECTION("sends credentials and follows redirects only on request")
    {
        CHECK(client.send(get(world.url("/who")), deadline).body == "nobody");
        HttpRequest request = get(world.url("/moved"));
        CHECK(client.send(request, deadline).status == 302);
        request.followRedirects = true;
        request.username = "admin";
        request.password = "x";
        CHECK(client.send(request, deadline).body == "Basic YWRtaW46eA==");
        CHECK(client.send(get(world.url("/who")), deadline).body == "nobody");
    }
}

TEST_CASE("an HTTP client and a peer in trouble", "[platform][http-client]")
{
    HttpClient client;

    SECTION("a refused connection is unavailable, without the URL's secrets in the message")
    {
        std::uint16_t port = 0;
        {
            const ClientWorld world;
            port = world.server->port();
        }
        const std::string url = fmt::format("http://user:hunter2@127.0.0.1:{}/a?token=hunter3", port);
        const Error error = errorOf([&] { client.send(get(url), Deadline::in(10s)); });
        CHECK(error.code() == ErrorCode::Unavailable);
        CHECK(error.message().find(fmt::format("127.0.0.1:{}/a", port)) != std::string::npos);
        CHECK(error.message().find("hunter") == std::string::npos);
    }
    SECTION("a malformed URL, or one of another scheme, is invalid input")
    {
        CHECK(errorOf([&] { client.send(get("file:///etc/passwd"), Deadline::in(10s)); }).code() ==
              ErrorCode::InvalidInput);
        CHECK(errorOf([&] { client.send(get("not a url"), Deadline::in(10s)); }).code() ==
              ErrorCode::InvalidInput);
    }
    SECTION("a header that holds a line break is invalid input")
    {
        HttpRequest request = get("http://127.0.0.1:1/");
        request.headers = {{"X-A", "b\r\nX-C: d"}};
        CHECK(errorOf([&] { client.send(request, Deadline::in(10s)); }).code() == ErrorCode::InvalidInput);
    }
    SECTION("silence lasts until the deadline")
    {
        const SilentPeer peer;
        const auto start = std::chrono::steady_clock::now();
        CHECK(errorOf([&] { client.send(get(peer.url()), Deadline::in(300ms)); }).code() ==
              ErrorCode::DeadlineExceeded);
        CHECK(std::chrono::steady_clock::now() - start < 10s);
        CHECK(std::chrono::steady_clock::now() - start >= 300ms);
    }
    SECTION("a stop request ends the wait at once")
    {
        const SilentPeer peer;
        std::stop_source source;
        const std::jthread stopper([&source] {
            std::this_thread::sleep_for(100ms); // so that send() waits; the test holds without it, too
            source.request_stop();
        });
        const auto start = std::chrono::steady_clock::now();
        CHECK(errorOf([&] { client.send(get(peer.url()), Deadline::in(30s, source.get_token())); }).code() ==
              ErrorCode::Aborted);
        CHECK(std::chrono::steady_clock::now() - start < 10s);
    }
    SECTION("a stalled body ends the call at the minimum rate")
    {
        const SilentPeer peer("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc");
        HttpRequest request = get(peer.url());
        request.minBytesPerSecond = 1000;
        request.stallSeconds = 1;
        const auto start = std::chrono::steady_clock::now();
        const Error error = errorOf([&] { client.send(request, Deadline::in(30s)); });
        CHECK(error.code() == ErrorCode::DeadlineExceeded);
        CHECK(error.message().find("slower than 1000 bytes/s") != std::string::npos);
        CHECK(std::chrono::steady_clock::now() - start < 20s);
    }
    SECTION("a body that ends early is unavailable")
    {
        TestServer world;
        const std::filesystem::path file = world.makeFile("file", 1000);
        std::filesystem::resize_file(file, 60'000'000); // sparse; more than sockets hold
        world.router.add(Method::Get, "/",
                         [&](Request&, Response& response) { response.sendFile(file, "a/b"); });
        world.start();
        std::uint64_t got = 0;
        const BodySink sink = [&](std::span<const std::byte> piece) {
            if (got == 0)
                std::filesystem::resize_file(file, 1);
            got += piece.size();
            return true;
        };
        CHECK(errorOf([&] { client.stream(get(world.url("/")), sink, Deadline::in(20s)); }).code() ==
              ErrorCode::Unavailable);
    }
}

TEST_CASE("percent-encoding", "[platform][http-client]")
{
    CHECK(urlEncode("a b/c?d=é~_-.") == "a%20b%2Fc%3Fd%3D%C3%A9~_-.");
    CHECK(urlEncode("").empty());
}
