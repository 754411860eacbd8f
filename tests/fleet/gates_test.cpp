#include "common/http/server.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "tests/fleet/fleet_world.h"

#include <arpa/inet.h>
#include <atomic>
#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <regex>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace bm;
using namespace bm::test;
using namespace std::chrono_literals;

namespace {

/// A TCP port on loopback that sends @p banner to each client.
class Listener {
public:
    explicit Listener(std::string banner)
        : banner_(std::move(banner)), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(fd_, 16) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this] { serve(); });
    }
    ~Listener()
    {
        ::shutdown(fd_, SHUT_RDWR);
        thread_.join();
        ::close(fd_);
    }
    std::string port() const { return std::to_string(port_); }

private:
    void serve() const
    {
        for (int client = ::accept(fd_, nullptr, nullptr); client >= 0;
             client = ::accept(fd_, nullptr, nullptr)) {
            const ssize_t sent = ::send(client, banner_.data(), banner_.size(), MSG_NOSIGNAL);
            static_cast<void>(sent);
            ::close(client);
        }
    }
    std::string banner_;
    int fd_;
    std::uint16_t port_ = 0;
    std::jthread thread_;
};

/// A drain gate by HTTP with scripted answers.
class Drainer {
public:
    Drainer()
        : server_((router_.add(http::Method::Post, "/drain",
                               [this](http::Request& q, http::Response& a) { answer(q, a); }),
                   router_),
                  {})
    {
        server_.start();
    }
    ~Drainer() { server_.stop(); }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/drain"; }
    std::atomic<int> status{200};
    std::atomic<const char*> body{""};
    std::atomic<int> asked{0};
    std::string lastBody;

private:
    void answer(http::Request& request, http::Response& response)
    {
        lastBody = request.body(65536);
        ++asked;
        response.sendJson(status, body.load());
    }
    http::Router router_;
    http::Server server_;
};

void script(const FleetWorld& world, const std::string& name, const std::string& text)
{
    std::filesystem::create_directories(world.gatesFolder());
    platform::writeFileAtomically(world.gatesFolder() / name, "#!/bin/sh\n" + text);
    std::filesystem::permissions(world.gatesFolder() / name, std::filesystem::perms::owner_all);
}

/// A node that runs web-old, for a rollout of another image.
void prepare(FleetWorld& world)
{
    world.image("old", 'a');
    world.image("new", 'b');
    world.web("web-1");
    world.deploy("web-1", "old");
    world.runUntilIdle();
    REQUIRE(world.stateOf("web-1") == model::State::Active);
}

const std::string kRoll = R"("image": "new", "name": "r", "nodes": ["web-1"])";

} // namespace

TEST_CASE("A drain gate by HTTP answers wait, go or refuse")
{
    FleetWorld world;
    prepare(world);
    Drainer drainer;
    const std::string roll =
        kRoll + R"(, "drain": {"interval": "5s", "deadline": "60s", "url": ")" + drainer.url() + "\"}";
    SECTION("wait, then go")
    {
        drainer.body = R"({"answer": "wait", "reason": "3 sessions"})";
        world.roll(roll);
        world.runUntilIdle(20s);
        CHECK(world.nodesOf("r") == "web-1 draining");
        CHECK(world.nodeOf("r", "web-1").node.gateDetail == "3 sessions");
        CHECK(drainer.asked >= 3);
        CHECK(drainer.asked <= 5);
        const nlohmann::json said = nlohmann::json::parse(drainer.lastBody);
        CHECK(said.at("node") == "web-1");
        CHECK(said.at("rollout") == "r");
        CHECK(world.stateOf("web-1") == model::State::Active); // not touched yet
        drainer.body = R"({"answer": "go"})";
        CHECK(world.reaches("r", "done"));
    }
    SECTION("refuse")
    {
        drainer.body = R"({"answer": "refuse", "reason": "the last of its kind"})";
        world.roll(roll);
        CHECK(world.reaches("r", "done"));
        CHECK(world.nodesOf("r") == "web-1 skipped");
        CHECK(world.nodeOf("r", "web-1").node.reason == "the drain gate refused: the last of its kind");
    }
    SECTION("a server that fails is asked again until the deadline")
    {
        drainer.status = 500;
        world.roll(roll);
        CHECK(world.reaches("r", "failed"));
        CHECK(
            world.nodeOf("r", "web-1").node.reason.find("drain gate: not passed within 1m; last: HTTP 500") !=
            std::string::npos);
        CHECK(world.stateOf("web-1") == model::State::Active);
    }
}

TEST_CASE("A drain gate by a program of the gates' folder")
{
    FleetWorld world;
    prepare(world);
    SECTION("exit 75 waits, 0 goes")
    {
        script(world, "empty",
               "if [ -e " + (world.gatesFolder() / "free").string() +
                   " ]; then exit 0; fi\necho \"$2 is busy\"\nexit 75\n");
        world.roll(kRoll + R"(, "drain": {"command": "empty", "interval": "1s"})");
        world.runUntilIdle(5s);
        CHECK(world.nodesOf("r") == "web-1 draining");
        CHECK(world.nodeOf("r", "web-1").node.gateDetail == "web-1 is busy");
        platform::writeFileAtomically(world.gatesFolder() / "free", "");
        CHECK(world.reaches("r", "done"));
    }
    SECTION("it is asked once where the rollout's unit of writing runs twice")
    {
        FleetWorld twice({}, false, test::Units::Twice);
        prepare(twice);
        const std::filesystem::path calls = twice.gatesFolder() / "calls";
        script(twice, "counted", "echo \"$2\" >>" + calls.string() + "\nexit 0\n");
        twice.roll(kRoll + R"(, "drain": {"command": "counted", "interval": "1s"})");
        CHECK(twice.reaches("r", "done"));
        CHECK(platform::readFile(calls) == "web-1\n");
    }
    SECTION("any other exit code refuses, and so does a missing program")
    {
        script(world, "never", "echo no >&2\nexit 1\n");
        world.roll(kRoll + R"(, "drain": {"command": "never"})");
        CHECK(world.reaches("r", "done"));
        CHECK(world.nodeOf("r", "web-1").node.reason == "the drain gate refused: exit 1: no");
        world.roll(R"("image": "new", "name": "q", "nodes": ["web-1"], "drain": {"command": "absent"})");
        CHECK(world.reaches("q", "done"));
        CHECK(world.nodeOf("q", "web-1").node.reason.find("there is no program") != std::string::npos);
    }
}

TEST_CASE("A health gate passes when the system answers")
{
    FleetWorld world;
    prepare(world);
    SECTION("a TCP port")
    {
        const Listener open("");
        world.roll(kRoll + R"(, "health": {"tcp": )" + open.port() + "}");
        CHECK(world.reaches("r", "done"));
        CHECK(world.nodeOf("r", "web-1").node.gateDetail == "127.0.0.1:" + open.port() + " is open");
    }
    SECTION("an ssh server's banner")
    {
        const Listener ssh("SSH-2.0-OpenSSH_9.2\r\n");
        world.roll(kRoll + R"(, "health": {"ssh": )" + ssh.port() + "}");
        CHECK(world.reaches("r", "done"));
    }
    SECTION("another server at that port fails the gate")
    {
        const Listener other("220 mail\r\n");
        world.roll(kRoll + R"(, "health": {"deadline": "30s", "ssh": )" + other.port() + "}");
        CHECK(world.reaches("r", "failed"));
        CHECK(world.nodeOf("r", "web-1").node.reason.find("says \"220 mail") != std::string::npos);
    }
    SECTION("a URL")
    {
        Drainer web; // any HTTP server; it knows POST /drain only
        world.roll(kRoll + R"(, "health": {"deadline": "20s", "http": ")" + web.url() + "?node={name}\"}");
        CHECK(world.reaches("r", "failed"));
        CHECK(world.nodeOf("r", "web-1").node.gateDetail.find("?node=web-1 answers HTTP 405") !=
              std::string::npos);
    }
}

TEST_CASE("A node that does not come up after its deployment")
{
    FleetWorld world;
    prepare(world);
    std::string closed;
    {
        const Listener gone("");
        closed = gone.port();
    }
    const auto health = [&](const std::string& onFailure) {
        return kRoll + R"(, "health": {"deadline": "20s", "tcp": )" + closed + R"(, "on_failure": ")" +
               onFailure + "\"}";
    };
    SECTION("gets its previous image back")
    {
        world.roll(health("restore"));
        REQUIRE(world.reaches("r", "failed"));
        CHECK(world.nodeOf("r", "web-1").node.reason.find("the previous image is back") != std::string::npos);
        CHECK(world.stateOf("web-1") == model::State::Active);
        CHECK(world.node("web-1").instanceInfo.text.find("\"image_source\":\"old\"") != std::string::npos);
    }
    SECTION("stops the rollout")
    {
        world.web("web-2");
        world.roll(
            R"("image": "new", "name": "r", "all": true, "max_parallel": 1, "max_fail": 5, "health": {"deadline":
            "20s", "on_failure": "stop", "tcp": )" +
            closed + "}");
        REQUIRE(world.reaches("r", "paused"));
        CHECK(world.nodesOf("r") == "web-1 failed, web-2 pending");
    }
    SECTION("counts as failed, and the rollout continues")
    {
        world.web("web-2");
        world.roll(
            R"("image": "new", "name": "r", "all": true, "max_parallel": 1, "max_fail": 5, "health": {"deadline":
            "20s", "on_failure": "continue", "tcp": )" +
            closed + "}");
        REQUIRE(world.reaches("r", "failed"));
        CHECK(world.nodesOf("r") == "web-1 failed, web-2 failed");
    }
}

TEST_CASE("A system phones home by its one-time address")
{
    FleetWorld world;
    prepare(world);
    world.roll(kRoll + R"(, "health": {"phone_home": true, "deadline": "60s"})");
    for (int i = 0; i < 100 && world.nodesOf("r") != "web-1 checking"; ++i)
        world.runUntilIdle(250ms);
    REQUIRE(world.nodesOf("r") == "web-1 checking");
    const std::string sealed = *world.core->database.read(
        [&](db::Transaction& tx) { return db::ConfigDriveRepository{}.find(tx, world.node("web-1").id); });
    const std::string drive = world.core->context.secrets.open(sealed);
    const std::regex address("/v1/phone-home/([0-9a-f]{48})");
    std::smatch found;
    // The drive is an image of a file system: its metadata is readable.
    REQUIRE(std::regex_search(drive, found, address));
    CHECK_THROWS_AS(world.core->rollouts.phonedHome(std::string(48, '0'), "192.0.2.7"), model::Error);
    world.core->rollouts.phonedHome(found[1], "192.0.2.7");
    CHECK(world.reaches("r", "done"));
    CHECK(world.nodeOf("r", "web-1").node.gateDetail == "phoned home from 192.0.2.7");
    CHECK_THROWS_AS(world.core->rollouts.phonedHome(found[1], "192.0.2.7"), model::Error); // once
}
