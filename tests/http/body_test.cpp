#include "common/http/body_decoder.h"
#include "common/http/connection.h"
#include "common/model/error.h"
#include "tests/http/fixture.h"

#include <catch2/catch.hpp>

using namespace bm::http;
using namespace bm::test;
using namespace std::chrono_literals;
using bm::model::Error;
using bm::model::ErrorCode;

namespace {

constexpr std::string_view kChunkedPost =
    "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string post(std::string_view path, std::size_t length, std::string_view more = "")
{
    return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\n{}Content-Length: {}\r\n\r\n", path, more, length);
}

/// "GET /hello", a POST without a login, one that a token in a header proves, one of 200 kB, and an upload.
/// One worker: a test hangs where it waits for a client.
struct BodyWorld : TestServer {
    BodyWorld()
    {
        const auto size = [](Request& request, Response& response) {
            response.sendText(200, fmt::format("{} bytes", request.body().size()));
        };
        const auto prove = [](const Request& request) {
            if (request.header("X-Token") == "wrong")
                throw Error(ErrorCode::Unauthorized, "the token is unknown");
            return request.header("X-Token") == "right";
        };
        router.add(Method::Get, "/hello",
                   [](Request&, Response& response) { response.sendText(200, "hello"); });
        router.add(Method::Post, "/open", size);
        router.add(Method::Post, "/small", size, {.limitBytes = 1000});
        router.add(Method::Post, "/report", size, {.limitBytes = 200'000, .prove = prove});
        router.add(Method::Post, "/upload",
                   [](Request& request, Response& response) {
                       std::uint64_t total = 0;
                       std::array<char, 1000> piece{};
                       while (request.bodyStream().read(piece.data(), piece.size()),
                              request.bodyStream().gcount() > 0)
                           total += static_cast<std::uint64_t>(request.bodyStream().gcount());
                       response.sendText(200, fmt::format("{} bytes", total));
                   },
                   {.streams = true, .prove = prove});
        router.add(Method::Get, "/much", [](Request&, Response& response) {
            response.sendText(200, std::string(std::size_t{8} << 20U, 'x') + "end");
        });
        config.maxThreads = 1;
    }
    std::string get()
    {
        RawClient client(server->port(), "127.0.0.9");
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        return client.readUntil("hello", 10s);
    }
};

std::string answerTo(const BodyWorld& world, const std::string& request)
{
    RawClient client(world.server->port());
    client.send(request);
    return client.readUntil("\r\n\r\n", 5s);
}

} // namespace

TEST_CASE("a body's decoder", "[http][body]")
{
    Head head;
    std::string body;
    SECTION("takes a body of a declared length, and leaves what follows")
    {
        head.contentLength = 5;
        BodyDecoder decoder(head);
        std::string input = "ab";
        CHECK(decoder.take(input, body, 100) == 2);
        CHECK(decoder.left() == 3);
        CHECK_FALSE(decoder.done());
        input = "cdeGET";
        CHECK(decoder.take(input, body, 2) == 2);
        CHECK(decoder.take(input, body, 100) == 1);
        CHECK(body == "abcde");
        CHECK(input == "GET");
        CHECK(decoder.done());
    }
    SECTION("takes chunks that arrive byte by byte")
    {
        head.chunked = true;
        BodyDecoder decoder(head);
        std::string input;
        for (const char c : std::string_view("3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n")) {
            CHECK_FALSE(decoder.done());
            input += c;
            decoder.take(input, body, 100);
        }
        CHECK(decoder.done());
        CHECK(body == "abc0123456789");
        CHECK(input.empty());
    }
    SECTION("refuses malformed chunks and endless lines")
    {
        head.chunked = true;
        for (const std::string& wrong :
             {std::string("x\r\n"), std::string("-1\r\n"), std::string("10000000000000000\r\n"),
              std::string("1\r\nabc\r\n"), std::string("1;") + std::string(5000, 'x'),
              "0\r\n" + std::string("a: b\r\n") + [] {
                  std::string lines;
                  for (int i = 0; i < 40; ++i)
                      lines += "a: b\r\n";
                  return lines;
              }()}) {
            BodyDecoder decoder(head);
            std::string input = wrong;
            CHECK_THROWS_AS(decoder.take(input, body, 100), Error);
        }
    }
    SECTION("knows a request without a body")
    {
        CHECK(BodyDecoder(head).done());
    }
}

TEST_CASE("a listener and bodies without a login", "[http][body]")
{
    BodyWorld world;

    SECTION("holds no worker for bodies that do not arrive")
    {
        world.start();
        std::vector<RawClient> stalled;
        for (int i = 0; i < 10; ++i) {
            stalled.emplace_back(world.server->port()).send(kChunkedPost);
            stalled.emplace_back(world.server->port()).send(std::string(kChunkedPost) + "5\r\nab");
            stalled.emplace_back(world.server->port()).send(post("/open", 10) + "ab");
            stalled.emplace_back(world.server->port()).send(post("/report", 150'000) + "ab");
            stalled.emplace_back(world.server->port()).send(post("/open", 10, "Expect: 100-continue\r\n"));
        }
        CHECK(world.get().starts_with("HTTP/1.1 200"));
        stalled[1].send("cde\r\n0\r\n\r\n");
        CHECK(stalled[1].readUntil("5 bytes").ends_with("5 bytes"));
        stalled[4].readUntil("100 Continue\r\n\r\n");
        stalled[4].send("0123456789");
        CHECK(stalled[4].readUntil("10 bytes").ends_with("10 bytes"));
    }
    SECTION("answers 408 to a body that is late, however it trickles")
    {
        world.config.headerDeadline = 500ms;
        world.start();
        RawClient silent(world.server->port());
        silent.send(kChunkedPost);
        RawClient trickle(world.server->port());
        trickle.send(post("/open", 1000));
        for (int i = 0; i < 100 && !trickle.closed(); ++i) {
            trickle.send("x");
            if (trickle.readUntil("request-timeout", 20ms).starts_with("HTTP/1.1 408"))
                break;
            REQUIRE(i < 99);
        }
        CHECK(silent.readUntil("request-timeout").starts_with("HTTP/1.1 408 "));
    }
    SECTION("takes 64 KiB at most: more is answered 413, before it arrives where its length is known")
    {
        world.start();
        CHECK(answerTo(world, post("/open", 65'536) + std::string(65'536, 'x')).starts_with("HTTP/1.1 200"));
        CHECK(answerTo(world, post("/open", 65'537)).starts_with("HTTP/1.1 413"));
        CHECK(answerTo(world, std::string(kChunkedPost) + "10001\r\n" + std::string(65'537, 'x'))
                  .starts_with("HTTP/1.1 413"));
        CHECK(answerTo(world, post("/small", 1001) + std::string(1001, 'x')).starts_with("HTTP/1.1 413"));
        CHECK(answerTo(world, post("/small", 1000) + std::string(1000, 'x')).starts_with("HTTP/1.1 200"));
        CHECK(answerTo(world, post("/nothing", 70'000)).starts_with("HTTP/1.1 404"));
    }
    SECTION("closes the slowest when they hold more than the budget")
    {
        world.config.unprovedBytes = 150'000;
        world.start();
        RawClient slow(world.server->port());
        slow.send(post("/open", 60'000) + std::string(30'000, 'x'));
        std::this_thread::sleep_for(300ms); // its rate falls
        std::vector<RawClient> fast;
        for (int i = 0; i < 4; ++i)
            fast.emplace_back(world.server->port()).send(post("/open", 60'000) + std::string(50'000, 'x'));
        slow.readAll();
        CHECK(slow.closed());
        fast.back().send(std::string(10'000, 'x'));
        CHECK(fast.back().readUntil("bytes").find("60000 bytes") != std::string::npos);
    }
}

TEST_CASE("a listener and long bodies", "[http][body]")
{
    BodyWorld world;
    const std::string right = "X-Token: right\r\n";

    SECTION("takes them up to the route's limit after the head's proof")
    {
        world.start();
        RawClient client(world.server->port());
        client.send(post("/report", 150'000, right));
        CHECK(world.get().starts_with("HTTP/1.1 200"));
        client.send(std::string(150'000, 'x'));
        CHECK(client.readUntil("bytes").find("150000 bytes") != std::string::npos);
        client.send("POST /report HTTP/1.1\r\nHost: a\r\n" + right + "Transfer-Encoding: chunked\r\n\r\n" +
                    "20000\r\n" + std::string(131'072, 'x') + "\r\n0\r\n\r\n" +
                    "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        const std::string both = client.readUntil("hello");
        CHECK(both.find("131072 bytes") != std::string::npos);
        CHECK(both.ends_with("hello"));
    }
    SECTION("refuses them by the head: 401, 413")
    {
        world.start();
        CHECK(answerTo(world, post("/report", 150'000, "X-Token: wrong\r\n")).starts_with("HTTP/1.1 401"));
        CHECK(answerTo(world, post("/report", 150'000)).starts_with("HTTP/1.1 413"));
        CHECK(answerTo(world, post("/report", 200'001, right)).starts_with("HTTP/1.1 413"));
        CHECK(answerTo(world, post("/upload", 150'000)).starts_with("HTTP/1.1 413"));
        CHECK(answerTo(world, post("/report", 10, "X-Token: wrong\r\nExpect: 100-continue\r\n"))
                  .starts_with("HTTP/1.1 200") == false);
    }
    SECTION("answers 413 to chunks over the limit")
    {
        world.start();
        RawClient client(world.server->port());
        client.send("POST /report HTTP/1.1\r\nHost: a\r\n" + right + "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 25; ++i)
            client.send("2710\r\n" + std::string(10'000, 'x') + "\r\n");
        CHECK(client.readUntil("\r\n\r\n").starts_with("HTTP/1.1 413"));
    }
    SECTION("answers 408 below the minimum rate, and waits for slow ones above it")
    {
        world.config.stallWindow = 300ms;
        world.config.headerDeadline = 400ms;
        world.start();
        RawClient client(world.server->port());
        client.send(post("/report", 100'000, right));
        for (int i = 0; i < 10; ++i) { // a second, against 300 ms and 400 ms
            std::this_thread::sleep_for(100ms);
            client.send(std::string(9'000, 'x'));
        }
        client.send(std::string(10'000, 'x'));
        CHECK(client.readUntil("bytes").find("100000 bytes") != std::string::npos);
        client.send(post("/report", 100'000, right) + "x");
        CHECK(client.readUntil("request-timeout").starts_with("HTTP/1.1 408"));
    }
    SECTION("streams those that begin chunked and unproved")
    {
        world.start();
        RawClient client(world.server->port());
        client.send("POST /upload HTTP/1.1\r\nHost: a\r\n" + right + "Transfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 30; ++i)
            client.send("2710\r\n" + std::string(10'000, 'x') + "\r\n");
        client.send("0\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(client.readUntil("hello").find("300000 bytes") != std::string::npos);
    }
}

TEST_CASE("a listener holds no worker for a client that does not read", "[http][body]")
{
    BodyWorld world;
    world.config.maxConnectionsPerClient = 100;
    world.start();
    std::vector<RawClient> deaf;
    for (int i = 0; i < 3; ++i)
        deaf.emplace_back(world.server->port())
            .send("GET /much HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(world.get().starts_with("HTTP/1.1 200"));
    const std::string all = deaf.front().readUntil("hello", 20s);
    CHECK(all.size() > (std::size_t{8} << 20U));
    CHECK(all.ends_with("hello"));
}

TEST_CASE("a full listener closes connections of the client that has most", "[http][body]")
{
    BodyWorld world;
    world.config.maxConnections = 10;
    world.config.headerDeadline = 60s;
    world.start();
    RawClient honest(world.server->port(), "127.0.0.3");
    honest.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    honest.readUntil("hello");
    std::vector<RawClient> many;
    for (int i = 0; i < 20; ++i)
        many.emplace_back(world.server->port(), "127.0.0.2").send("GET");
    CHECK(world.get().starts_with("HTTP/1.1 200"));
    honest.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(honest.readUntil("hello", 2s).starts_with("HTTP/1.1 200"));
}

TEST_CASE("the client that an address counts for", "[http][body]")
{
    CHECK(clientOf("10.0.0.1") == "10.0.0.1");
    CHECK(clientOf("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
    CHECK(clientOf("fe80::1%eth0") == "fe80::/64");
    CHECK(clientOf("") == "");
}
