#include "tests/http/fixture.h"

#include "common/model/error.h"

#include <atomic>
#include <catch2/catch.hpp>

using namespace bm::http;
using namespace bm::test;
using namespace std::chrono_literals;
using bm::model::Error;
using bm::model::ErrorCode;
using bm::platform::Exit;

namespace {

void addRoutes(TestServer& world)
{
    world.trustEverybody();
    world.router.add(Method::Get, "/hello/{name}", [](Request& request, Response& response) {
        response.header("X-Base", request.localBase);
        response.sendText(200, "hello " + request.pathParam("name"));
    });
    world.router.add(Method::Post, "/echo",
                     [](Request& request, Response& response) { response.sendText(200, request.body()); },
                     {.limitBytes = 1000});
    world.router.add(Method::Put, "/upload",
                     [](Request& request, Response& response) {
                         std::array<char, 65536> piece{};
                         std::uint64_t total = 0;
                         std::istream& body = request.bodyStream();
                         while (body.read(piece.data(), piece.size()), body.gcount() > 0)
                             total += static_cast<std::uint64_t>(body.gcount());
                         response.sendText(200, std::to_string(total));
                     },
                     {.streams = true});
    world.router.add(Method::Put, "/ignored", [](Request&, Response& response) { response.sendEmpty(409); },
                     {.streams = true});
}

constexpr std::string_view kHello = "GET /hello/you HTTP/1.1\r\nHost: me:1\r\n\r\n";

} // namespace

TEST_CASE("a listener and curl", "[http][server][peer]")
{
    TestServer world;
    addRoutes(world);
    world.start();

    SECTION("answers with length and request id")
    {
        const Exit exit = curl({"-i", world.url("/hello/you/")});
        CHECK(exit.out.starts_with("HTTP/1.1 200 OK\r\n"));
        CHECK(exit.out.find("Content-Length: 9\r\n") != std::string::npos);
        CHECK(exit.out.find("X-Openstack-Request-Id: req-") != std::string::npos);
        CHECK(exit.out.find("X-Base: " + world.url("") + "\r\n") != std::string::npos);
        CHECK(exit.out.ends_with("\r\n\r\nhello you"));
    }
    SECTION("answers HEAD without a body")
    {
        const Exit exit = curl({"-I", world.url("/hello/you")});
        CHECK(exit.out.find("Content-Length: 9\r\n") != std::string::npos);
        CHECK(exit.out.ends_with("\r\n\r\n"));
    }
    SECTION("keeps the connection for the next request")
    {
        const Exit exit = curl({"-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ",
                                world.url("/hello/a"), world.url("/hello/b")});
        CHECK(exit.out == "1 0 ");
    }
    SECTION("takes bodies of a declared length, chunked, and after 100 Continue")
    {
        CHECK(curl({"-d", "abc", world.url("/echo")}).out == "abc");
        CHECK(curl({"-H", "Transfer-Encoding: chunked", "-d", "abcd", world.url("/echo")}).out == "abcd");
        CHECK(curl({"-H", "Expect: 100-continue", "-d", "abcde", world.url("/echo")}).out == "abcde");
        const std::string big = world.makeFile("big", 5'000'000).string();
        CHECK(curl({"-T", big, world.url("/upload")}).out == "5000000");
        CHECK(curl({"-T", "-", "-H", "Transfer-Encoding: chunked", "--data-binary", "@" + big, "-X", "PUT",
                    world.url("/upload")})
                  .code != 0); // curl itself refuses -T with -d
        CHECK(curl({"-H", "Transfer-Encoding: chunked", "--data-binary", "@" + big, "-X", "PUT",
                    world.url("/upload")})
                  .out == "5000000");
    }
    SECTION("answers 413 to a body over the limit, of declared length or chunked")
    {
        const std::string big = world.makeFile("big", 5'000'000).string();
        const std::vector<std::string> code = {"-o",           "/dev/null",     "-w",
                                               "%{http_code}", "--data-binary", "@" + big};
        std::vector<std::string> declared = code;
        declared.push_back(world.url("/echo"));
        CHECK(curl(declared).out == "413");
        std::vector<std::string> chunked = code;
        chunked.insert(chunked.end(),
                       {"-H", "Transfer-Encoding: chunked", "-H", "Expect:", world.url("/echo")});
        CHECK(curl(chunked).out == "413");
    }
    SECTION("answers an upload that its handler does not read")
    {
        const std::string big = world.makeFile("big", 3'000'000).string();
        CHECK(
            curl({"-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect:", "-T", big, world.url("/ignored")})
                .out == "409");
    }
    SECTION("answers 404 and 405")
    {
        CHECK(curl({"-o", "/dev/null", "-w", "%{http_code}", world.url("/nothing")}).out == "404");
        CHECK(curl({"-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", world.url("/hello/a")}).out ==
              "405");
    }
    SECTION("serves HTTP/1.0")
    {
        const Exit exit = curl({"-0", "-i", world.url("/hello/you")});
        CHECK(exit.out.find("Connection: close\r\n") != std::string::npos);
        CHECK(exit.out.find("Transfer-Encoding") == std::string::npos);
        CHECK(exit.out.ends_with("hello you"));
    }
}

TEST_CASE("a listener and exact bytes", "[http][server]")
{
    TestServer world;
    addRoutes(world);
    world.start();
    RawClient client(world.server->port());

    SECTION("answers pipelined requests in order")
    {
        client.send(std::string(kHello) + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" +
                    "GET /hello/last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        const std::string all = client.readAll();
        const std::size_t first = all.find("hello you");
        const std::size_t second = all.find("\r\n\r\nhi");
        const std::size_t third = all.find("hello last");
        CHECK(first < second);
        CHECK(second < third);
        CHECK(third != std::string::npos);
        CHECK(client.closed());
    }
    SECTION("answers an error once")
    {
        client.send("GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        const std::string all = client.readAll();
        CHECK(all.starts_with("HTTP/1.1 404"));
        CHECK(all.rfind("HTTP/1.1") == 0);
        CHECK(client.closed());
    }
    SECTION("reads a head that arrives byte by byte")
    {
        for (const char c : kHello)
            client.send({&c, 1});
        CHECK(client.readUntil("hello you").find("200 OK") != std::string::npos);
    }
    SECTION("sends 100 Continue only to a client that waits for it")
    {
        client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        CHECK(client.readUntil("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
        client.send("abc");
        CHECK(client.readUntil("abc").find("200 OK") != std::string::npos);
        client.send("PUT /ignored HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        CHECK(client.readAll().starts_with("HTTP/1.1 409 Conflict"));
        CHECK(client.closed());
    }
    SECTION("answers 400 to bytes that are not HTTP, and closes")
    {
        client.send("hello there\r\n\r\n");
        const std::string answer = client.readAll();
        CHECK(answer.starts_with("HTTP/1.1 400 Bad Request"));
        CHECK(answer.find("invalid-input") != std::string::npos);
        CHECK(client.closed());
    }
    SECTION("answers 400 to an endless head, and closes")
    {
        client.send("GET / HTTP/1.1\r\nX: " + std::string(40'000, 'a'));
        CHECK(client.readAll().starts_with("HTTP/1.1 400"));
        CHECK(client.closed());
    }
    SECTION("answers 400 to malformed chunks, and closes")
    {
        client.send(
            "PUT /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n");
        CHECK(client.readAll().starts_with("HTTP/1.1 400"));
        CHECK(client.closed());
    }
}

TEST_CASE("a listener and half-sent requests", "[http][server]")
{
    TestServer world;
    addRoutes(world);
    world.config.maxThreads = 2;
    world.config.headerDeadline = 1s;

    SECTION("serves others while a hundred of them are open")
    {
        world.config.headerDeadline = 60s;
        world.config.maxConnectionsPerClient = 200;
        world.start();
        std::vector<RawClient> half;
        for (int i = 0; i < 100; ++i) {
            half.emplace_back(world.server->port());
            half.back().send("GET /hello/you HT");
        }
        CHECK(curl({world.url("/hello/you")}).out == "hello you");
        for (RawClient& client : half) {
            client.readUntil({}, 0ms);
            CHECK_FALSE(client.closed());
        }
    }
    SECTION("drops each at the deadline")
    {
        world.start();
        std::vector<RawClient> half;
        for (int i = 0; i < 20; ++i) {
            half.emplace_back(world.server->port());
            half.back().send("GET /hello/you HT");
        }
        for (RawClient& client : half) {
            CHECK(client.readAll().empty());
            CHECK(client.closed());
        }
    }
    SECTION("holds no thread for half-sent bodies, nor for large ones without a reader")
    {
        world.config.maxThreads = 1;
        world.config.headerDeadline = 60s;
        world.start();
        std::vector<RawClient> half;
        for (int i = 0; i < 20; ++i) {
            half.emplace_back(world.server->port());
            half.back().send("POST /echo HTTP/1.1\r\nHost: a\r\ncontent-length:  5\r\n\r\nab");
            half.emplace_back(world.server->port());
            half.back().send("PUT /ignored HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\nab");
        }
        CHECK(curl({world.url("/hello/you")}).out == "hello you");
        half.front().send("cde");
        CHECK(half.front().readUntil("abcde").starts_with("HTTP/1.1 200"));
        CHECK(half.at(1).readUntil("\r\n\r\n").starts_with("HTTP/1.1 409"));
    }
    SECTION("does not let a trickle prolong the deadline")
    {
        world.start();
        RawClient client(world.server->port());
        const auto start = std::chrono::steady_clock::now();
        while (!client.closed() && std::chrono::steady_clock::now() - start < 15s) {
            client.send("G");
            client.readUntil({}, 50ms);
        }
        CHECK(client.closed());
    }
    SECTION("drops a client's longest-waiting connection at the client's limit")
    {
        world.config.headerDeadline = 60s;
        world.config.maxConnectionsPerClient = 3;
        world.start();
        std::vector<RawClient> half;
        for (int i = 0; i < 3; ++i) {
            half.emplace_back(world.server->port());
            half.back().send("GET /hello/you HT");
        }
        CHECK(curl({world.url("/hello/you")}).out == "hello you");
        half.front().readAll();
        CHECK(half.front().closed());
        half.back().send("TP/1.1\r\nHost: a\r\n\r\n");
        CHECK(half.back().readUntil("hello you").starts_with("HTTP/1.1 200"));
    }
    SECTION("drops a stalled body and frees its thread")
    {
        world.config.maxThreads = 1;
        world.config.stallWindow = 300ms;
        world.start();
        RawClient slow(world.server->port());
        slow.send("PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc");
        CHECK(curl({world.url("/hello/you")}).out == "hello you");
        slow.readAll();
        CHECK(slow.closed());
    }
}

TEST_CASE("a listener's workers are shared out", "[http][server]")
{
    std::atomic<int> inside = 0;
    Later<bool> go;
    TestServer world;
    world.router.filter([](Request& request, Response&) {
        request.actor = request.header("X-User").value_or("");
        request.proved = !request.actor.empty();
    });
    world.router.add(Method::Get, "/wait", [&](Request&, Response& response) {
        ++inside;
        go.get();
        response.sendText(200, "done");
    });
    world.router.add(Method::Get, "/hello",
                     [](Request&, Response& response) { response.sendText(200, "hello"); });
    world.router.add(Method::Put, "/upload",
                     [&](Request& request, Response& response) {
                         std::istream& body = request.bodyStream();
                         ++inside;
                         std::array<char, 1000> piece{};
                         while (body.read(piece.data(), piece.size()), body.gcount() > 0)
                             continue;
                         response.sendText(200, "stored");
                     },
                     {.streams = true});
    world.config.maxThreads = 4;
    world.start();
    const auto hello = [&] {
        RawClient other(world.server->port(), "127.0.0.3");
        other.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        return other.readUntil("hello");
    };
    std::vector<RawClient> clients;

    SECTION("a client with slow requests leaves one for others")
    {
        for (int i = 0; i < 8; ++i)
            clients.emplace_back(world.server->port(), "127.0.0.2")
                .send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        while (inside < 3)
            std::this_thread::yield();
        CHECK(hello().starts_with("HTTP/1.1 200"));
        CHECK(inside == 3);
        go.set(true);
        for (RawClient& client : clients)
            CHECK(client.readUntil("done").starts_with("HTTP/1.1 200"));
    }
    SECTION("a user who uploads slowly from many addresses leaves one for others")
    {
        for (int i = 0; i < 3; ++i) {
            const std::string address = fmt::format("127.0.0.{}", 10 + i);
            clients.emplace_back(world.server->port(), address.c_str())
                .send("PUT /upload HTTP/1.1\r\nHost: a\r\nX-User: eve\r\nContent-Length: 90000\r\n\r\nx");
            while (inside <= i)
                std::this_thread::yield();
        }
        RawClient fourth(world.server->port(), "127.0.0.20");
        fourth.send("PUT /upload HTTP/1.1\r\nHost: a\r\nX-User: eve\r\nContent-Length: 90000\r\n\r\nx");
        CHECK(fourth.readUntil("unavailable").starts_with("HTTP/1.1 503"));
        CHECK(hello().starts_with("HTTP/1.1 200"));
        for (RawClient& client : clients)
            client.send(std::string(89'999, 'x'));
        for (RawClient& client : clients)
            CHECK(client.readUntil("stored").starts_with("HTTP/1.1 200"));
    }
}

TEST_CASE("a listener's limits", "[http][server]")
{
    std::atomic<int> inside = 0;
    Later<bool> go;
    TestServer world;
    world.router.add(Method::Get, "/wait", [&](Request&, Response& response) {
        ++inside;
        go.get();
        response.sendText(200, "done");
    });
    world.config.maxConnections = 2;
    world.start();

    SECTION("answer 503 with Retry-After while all connections are busy")
    {
        RawClient one(world.server->port());
        RawClient two(world.server->port());
        one.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        two.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        while (inside != 2)
            std::this_thread::yield();
        RawClient three(world.server->port());
        const std::string answer = three.readAll();
        CHECK(answer.starts_with("HTTP/1.1 503 Service Unavailable"));
        CHECK(answer.find("Retry-After: 5") != std::string::npos);
        go.set(true);
        CHECK(one.readUntil("done").starts_with("HTTP/1.1 200"));
        CHECK(two.readUntil("done").starts_with("HTTP/1.1 200"));
    }
    SECTION("close an idle connection for a new one")
    {
        go.set(true);
        RawClient one(world.server->port());
        one.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        one.readUntil("done");
        RawClient two(world.server->port());
        two.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
        two.readUntil("done");
        CHECK(curl({world.url("/wait")}).out == "done");
    }
}

TEST_CASE("a full listener closes connections of strangers before those of users", "[http][server]")
{
    TestServer world;
    world.router.filter([](Request& request, Response&) {
        request.actor = request.header("X-User").value_or("");
        request.proved = !request.actor.empty();
    });
    world.router.add(Method::Get, "/hello",
                     [](Request&, Response& response) { response.sendText(200, "hello"); });
    world.config.maxConnections = 3;
    world.start();
    const std::string asUser = "GET /hello HTTP/1.1\r\nHost: a\r\nX-User: eve\r\n\r\n";
    RawClient user(world.server->port());
    user.send(asUser);
    CHECK(user.readUntil("hello").starts_with("HTTP/1.1 200"));
    std::vector<RawClient> strangers;
    for (const char* address : {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5", "127.0.0.6"})
        strangers.emplace_back(world.server->port(), address).send("GET /hel");
    RawClient other(world.server->port(), "127.0.0.7");
    other.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(other.readUntil("hello").starts_with("HTTP/1.1 200"));
    user.send(asUser);
    CHECK(user.readUntil("hello").starts_with("HTTP/1.1 200"));
}

TEST_CASE("a listener's start and stop", "[http][server]")
{
    TestServer world;
    addRoutes(world);
    world.start();

    SECTION("a taken port is a conflict with a hint")
    {
        ListenerConfig same;
        same.port = world.server->port();
        Server second(world.router, same);
        try {
            second.start();
            FAIL("started twice on one port");
        } catch (const Error& error) {
            CHECK(error.code() == ErrorCode::Conflict);
            CHECK(error.hint().find("ss -ltnp") != std::string::npos);
        }
    }
    SECTION("an address of another host is invalid input")
    {
        ListenerConfig other;
        other.address = "192.0.2.1";
        Server server(world.router, other);
        CHECK_THROWS_AS(server.start(), Error);
    }
    SECTION("stopping ends waits for clients at once")
    {
        RawClient slow(world.server->port());
        slow.send("PUT /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n");
        slow.readUntil("100 Continue\r\n\r\n");
        RawClient idle(world.server->port());
        const auto start = std::chrono::steady_clock::now();
        world.server->stop();
        CHECK(std::chrono::steady_clock::now() - start < 15s);
        slow.readAll();
        CHECK(slow.closed());
        CHECK_THROWS(RawClient(world.server->port()));
    }
}
