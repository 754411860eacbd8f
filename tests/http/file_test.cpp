#include "tests/http/fixture.h"

#include "common/model/error.h"
#include "common/platform/secrets.h"

#include <catch2/catch.hpp>
#include <fcntl.h>

using namespace bm::http;
using namespace bm::test;
using namespace std::chrono_literals;
using bm::platform::Exit;
using bm::platform::readFile;

namespace {

struct Done {
    std::uint64_t bytes;
    bool whole;
};

constexpr std::size_t kSize = 3'000'000;
constexpr std::size_t kBig = 60'000'000; ///< more than sockets hold; sparse

/// A server with one file at /file.
struct FileWorld : TestServer {
    std::filesystem::path file = makeFile("file", kSize);
    Later<Done> done{};
    ~FileWorld() { server.reset(); } // its threads use the other members
    FileWorld()
    {
        router.add(Method::Get, "/file", [this](Request&, Response& response) {
            response.sendFile(file, "application/octet-stream", [this](std::uint64_t bytes, bool whole) {
                done.set({bytes, whole});
            });
        });
        router.add(Method::Get, "/small",
                   [](Request&, Response& response) { response.sendText(200, "small"); });
    }
    std::string status(std::vector<std::string> arguments) const
    {
        arguments.insert(arguments.end(), {"-o", "/dev/null", "-w", "%{http_code}", url("/file")});
        return curl(arguments).out;
    }
    std::string etag() const
    {
        const std::string head = curl({"-I", url("/file")}).out;
        const std::size_t at = head.find("ETag: ") + 6;
        return head.substr(at, head.find('\r', at) - at);
    }
};

} // namespace

TEST_CASE("a served file", "[http][file][peer]")
{
    FileWorld world;
    world.start();
    const std::string all = readFile(world.file, kSize);

    SECTION("arrives whole, and its handler's onDone is called")
    {
        CHECK((curl({world.url("/file")}).out == all));
        const std::optional<Done> done = world.done.get();
        REQUIRE(done);
        CHECK(done->bytes == kSize);
        CHECK(done->whole);
    }
    SECTION("arrives in ranges: from-to, to the end, the last bytes")
    {
        CHECK((curl({"-r", "1000-1999", world.url("/file")}).out == all.substr(1000, 1000)));
        CHECK((curl({"-r", "2999990-", world.url("/file")}).out == all.substr(kSize - 10)));
        CHECK((curl({"-r", "-5", world.url("/file")}).out == all.substr(kSize - 5)));
        const std::string head = curl({"-i", "-r", "0-0", world.url("/file")}).out;
        CHECK(head.starts_with("HTTP/1.1 206 Partial Content"));
        CHECK(head.find("Content-Range: bytes 0-0/3000000\r\n") != std::string::npos);
        CHECK(head.find("Content-Length: 1\r\n") != std::string::npos);
    }
    SECTION("answers 416 to a range beyond its end, and ignores malformed ranges")
    {
        CHECK(world.status({"-r", "3000000-"}) == "416");
        CHECK(world.status({"-r", "5-3"}) == "200");
        CHECK(world.status({"-H", "Range: blocks=1-2"}) == "200");
        CHECK(world.status({"-H", "Range: bytes=1-2,5-6"}) == "200");
        CHECK(world.status({"-H", "Range: bytes=-0"}) == "416");
    }
    SECTION("honours If-Range, If-Match and If-None-Match")
    {
        const std::string etag = world.etag();
        CHECK(world.status({"-r", "0-9", "-H", "If-Range: " + etag}) == "206");
        CHECK(world.status({"-r", "0-9", "-H", "If-Range: \"other\""}) == "200");
        CHECK(world.status({"-H", "If-None-Match: " + etag}) == "304");
        CHECK(world.status({"-H", "If-Match: " + etag}) == "200");
        CHECK(world.status({"-r", "0-9", "-H", "If-Match: \"other\""}) == "412");
        std::filesystem::last_write_time(world.file, std::filesystem::file_time_type::clock::now() + 5s);
        CHECK(world.status({"-r", "0-9", "-H", "If-Range: " + etag}) == "200");
        CHECK(world.status({"-H", "If-None-Match: " + etag}) == "200");
    }
    SECTION("has its length in the answer to HEAD, in HTTP/1.0 too")
    {
        const std::string head = curl({"-0", "-I", world.url("/file")}).out;
        CHECK(head.find("Content-Length: 3000000\r\n") != std::string::npos);
        CHECK(head.find("Accept-Ranges: bytes\r\n") != std::string::npos);
        const std::optional<Done> done = world.done.get();
        REQUIRE(done);
        CHECK_FALSE(done->whole);
        CHECK((curl({"-0", world.url("/file")}).out == all));
    }
    SECTION("leaves its connection open for the next request")
    {
        const Exit exit =
            curl({"-r", "0-99", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null", "-w",
                  "%{num_connects} ", world.url("/file"), world.url("/file"), world.url("/small")});
        CHECK(exit.out == "1 0 0 ");
    }
    SECTION("may be empty")
    {
        std::filesystem::resize_file(world.file, 0);
        CHECK(world.status({}) == "200");
        const std::optional<Done> done = world.done.get();
        REQUIRE(done);
        CHECK(done->whole);
        CHECK(world.status({"-r", "0-9"}) == "416");
    }
    SECTION("answers 404 when it is missing or a folder")
    {
        std::filesystem::remove(world.file);
        CHECK(world.status({}) == "404");
        std::filesystem::create_directory(world.file);
        CHECK(world.status({}) == "404");
    }
}

TEST_CASE("a reader that goes away", "[http][file]")
{
    FileWorld world;
    std::filesystem::resize_file(world.file, kBig);
    world.start();
    RawClient client(world.server->port());
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    client.readUntil("\r\n\r\n");
    client.hangUp();
    const std::optional<Done> done = world.done.get();
    REQUIRE(done);
    CHECK_FALSE(done->whole);
    CHECK(done->bytes < kBig);
}

TEST_CASE("a reader that stops reading", "[http][file]")
{
    FileWorld world;
    std::filesystem::resize_file(world.file, kBig);
    world.config.stallWindow = 500ms;
    world.config.maxThreads = 1;
    world.start();
    RawClient client(world.server->port());
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    client.readUntil("\r\n\r\n");
    CHECK(curl({world.url("/small")}).out == "small"); // it holds no thread
    const std::optional<Done> done = world.done.get(); // the listener drops it
    REQUIRE(done);
    CHECK_FALSE(done->whole);
}

TEST_CASE("a file that becomes shorter while it is sent", "[http][file]")
{
    FileWorld world;
    std::filesystem::resize_file(world.file, kBig);
    world.start();
    RawClient client(world.server->port());
    client.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    client.readUntil("\r\n\r\n");
    std::filesystem::resize_file(world.file, 100);
    client.readAll();
    CHECK(client.closed());
    const std::optional<Done> done = world.done.get();
    REQUIRE(done);
    CHECK_FALSE(done->whole);
}

TEST_CASE("many readers of one file", "[http][file]")
{
    FileWorld world;
    world.config.maxThreads = 2;
    world.start();
    const std::string all = readFile(world.file, kSize);
    std::vector<std::jthread> readers;
    std::atomic<int> right = 0;
    for (int i = 0; i < 8; ++i)
        readers.emplace_back([&] { right += curl({world.url("/file")}).out == all ? 1 : 0; });
    readers.clear();
    CHECK(right == 8);
}
