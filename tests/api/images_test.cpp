#include "tests/api/api_world.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const ApiWorld::Headers kBytes{{"Content-Type", "application/octet-stream"}};

Answer imageWhenDone(ApiWorld& world, const std::string& name)
{
    const model::Deadline deadline = model::Deadline::in(std::chrono::seconds{60});
    while (!deadline.over()) {
        Answer answer = world.get("/v1/images/" + name);
        if (answer.status != 200 || answer.body.at("state") != "importing")
            return answer;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    FAIL("the import of " << name << " did not end");
    return {};
}

/// Waits for the folder to be empty: an import removes its file after its image is ready.
bool becomesEmpty(const std::filesystem::path& folder)
{
    for (int attempt = 0; attempt < 500 && !std::filesystem::is_empty(folder); ++attempt)
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    return std::filesystem::is_empty(folder);
}

/// Sends a head that declares more than it sends, then closes the connection.
void sendCutOff(const std::string& base)
{
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(base.substr(base.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0); // NOLINT
    const std::string text = "POST /v1/images?name=cut HTTP/1.1\r\nHost: x\r\nContent-Type: "
                             "application/octet-stream\r\nContent-Length: 1000000\r\n\r\n" +
                             std::string(5000, 'x');
    REQUIRE(::send(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    ::shutdown(fd, SHUT_WR);
    char answer[4096];
    while (::recv(fd, answer, sizeof answer, 0) > 0) {
    }
    ::close(fd);
}

} // namespace

TEST_CASE("images over REST", "[api][images]")
{
    ApiWorld world({.ramdiskFolder = {}, .loaderFolder = {}, .maxUploadBytes = 4'000'000});
    world.world.core->catalogue.recover();
    world.world.core->catalogue.start();
    const std::filesystem::path incoming = world.world.core->store.incomingFolder();

    SECTION("are uploaded, imported, shown, served in blocks, and deleted")
    {
        std::string disk(3U << 20U, '\0');
        disk.replace(0, 5, "hello");
        const Answer added =
            world.ask("POST", "/v1/images?name=tiny&filename=/tmp/x/tiny.raw", disk, "1.82", kBytes);
        REQUIRE(added.status == 202);
        CHECK(added.body.at("source") == "tiny.raw");
        const Answer done = imageWhenDone(world, "tiny");
        INFO(done.text);
        REQUIRE(done.body.at("state") == "ready");
        CHECK(done.body.at("size_bytes").get<std::uint64_t>() >= disk.size());
        CHECK(becomesEmpty(incoming));
        CHECK(world.get("/v1/images").body.at("images").size() == 1);
        CHECK(world.get("/v1/images/" + done.body.at("uuid").get<std::string>()).body.at("name") == "tiny");

        const std::string content = done.body.at("content_id");
        CHECK(world.machine("GET", "/v1/images/" + content + "/manifest").status == 401);
        CHECK(world
                  .machine("GET", "/v1/images/" + content + "/manifest", "",
                           {{"Authorization", "Bearer wrong"}})
                  .status == 401);

        CHECK(world.ask("POST", "/v1/images?name=tiny", disk, "1.82", kBytes).status == 409);
        CHECK(becomesEmpty(incoming));
        CHECK(world.ask("DELETE", "/v1/images/tiny", "").status == 204);
        CHECK(world.get("/v1/images/tiny").status == 404);
    }
    SECTION("that are too large, empty, truncated or misnamed leave no file")
    {
        CHECK(world.ask("POST", "/v1/images?name=big", std::string(5'000'000, 'x'), "1.82", kBytes).status ==
              413);
        CHECK(world.ask("POST", "/v1/images?name=..%2Fx", "abc", "1.82", kBytes).status == 400);
        CHECK(world.ask("POST", "/v1/images", "abc", "1.82", kBytes).status == 400);
        CHECK(world.ask("POST", "/v1/images?name=a&checksum=md5:x", "abc", "1.82", kBytes).status == 400);
        CHECK(
            world.ask("POST", "/v1/images?name=a", "abc", "1.82", {{"Content-Type", "text/plain"}}).status ==
            415);
        sendCutOff(world.base());
        CHECK(world.get("/v1/images/cut").status == 404);
        CHECK(becomesEmpty(incoming));
        CHECK(world.get("/v1/images").body.at("images").empty());
    }
    SECTION("with the wrong checksum fail with the reason")
    {
        const std::string wrong = "sha256:" + std::string(64, '0');
        CHECK(world
                  .ask("POST", "/v1/images?name=bad&checksum=" + wrong, std::string(100'000, 'x'), "1.82",
                       kBytes)
                  .status == 202);
        const Answer failed = imageWhenDone(world, "bad");
        CHECK(failed.body.at("state") == "failed");
        CHECK(failed.body.at("error").at("code") == "checksum-mismatch");
    }
    SECTION("are fetched by http and https only")
    {
        CHECK(world.send("POST", "/v1/images", {{"name", "a"}, {"url", "file:///etc/passwd"}}).status == 400);
        CHECK(world.send("POST", "/v1/images", {{"name", "a"}, {"uri", "http://127.0.0.1/x"}}).status == 400);
        CHECK(world.ask("POST", "/v1/images", "{", "1.82").status == 400);
    }
    world.world.core->catalogue.stop();
}
