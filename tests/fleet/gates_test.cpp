#include "common/http/server.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/fleet/selection/gate_url.h"
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
        lastBody = request.body();
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

/// Changes a stored node as an earlier version did: without today's rules.
void storeUnchecked(FleetWorld& world, const std::string& name,
                    const std::function<void(model::Node&)>& change)
{
    world.core->database.write([&](db::Transaction& tx) {
        model::Node node = conductor::findNode(tx, name);
        change(node);
        db::NodeRepository{}.update(tx, node);
    });
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
        CHECK(world.nodeOf("r", "web-1").node.gateDetail == "HTTP 200: wait"); // the reason is in bmd's log
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
        CHECK(world.nodeOf("r", "web-1").node.reason == "the drain gate refused: HTTP 200: refuse");
    }
    SECTION("an address that the policy refuses is not asked")
    {
        world.core->outgoing->addListener("127.0.0.1", platform::destinationOf(drainer.url()).port);
        world.roll(roll);
        world.runUntilIdle(20s);
        CHECK(world.nodesOf("r") == "web-1 draining");
        CHECK(world.nodeOf("r", "web-1").node.gateDetail.find("a listener of bmd itself") !=
              std::string::npos);
        CHECK(drainer.asked == 0);
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

TEST_CASE("A drain command gets its values by environment and in places of its arguments")
{
    FleetWorld world;
    prepare(world);
    script(world, "show",
           "echo \"$#|$1|$2|$4 $BM_GATE $BM_ROLLOUT $BM_NODE_NAME $BM_NODE_ADDRESS\"\n"
           "test \"$3\" = \"$BM_NODE_UUID\" || exit 2\nexit 1\n");
    const auto reason = [&](const std::string& name) {
        world.roll(R"("image": "new", "name": ")" + name +
                   R"(", "nodes": ["web-1"], "drain": {"command": "show"})");
        CHECK(world.reaches(name, "done"));
        return world.nodeOf(name, "web-1").node.reason;
    };
    CHECK(reason("r") == "the drain gate refused: exit 1: 4|r|web-1|127.0.0.1 drain r web-1 127.0.0.1");
    world.core->nodes.update(
        "web-1", [](model::Node& node) { node.properties.text = "{}"; }, "tester");
    CHECK(reason("q") == "the drain gate refused: exit 1: 4|q|web-1| drain q web-1");
}

TEST_CASE("A stored address that is none reaches neither a program nor a URL")
{
    FleetWorld world;
    prepare(world);
    Drainer web;
    const std::string port = web.url().substr(17, web.url().rfind('/') - 17); // after http://127.0.0.1:
    const std::string owned = (world.folder.path() / "owned").string();
    const std::string option = "-oProxyCommand=touch " + owned;
    const auto poison = [&](const std::string& address) {
        storeUnchecked(world, "web-1", [&](model::Node& node) {
            node.properties.text = nlohmann::json{{"health_address", address}}.dump();
        });
    };
    const auto fails = [&](const std::string& name, const std::string& gate) {
        world.roll(R"("image": "new", "name": ")" + name + R"(", "nodes": ["web-1"], )" + gate);
        CHECK(world.reaches(name, "failed"));
        const model::RolloutNode node = world.nodeOf(name, "web-1").node;
        CHECK(node.reasonCode == "invalid-input");
        CHECK_THAT(node.reason, Catch::Contains("properties/health_address"));
        CHECK_THAT(node.hint, Catch::Contains("bm node set web-1 properties/health_address=ADDRESS"));
    };
    SECTION("the drain command does not start, the drain URL is not asked")
    {
        poison(option);
        script(world, "ssh", "touch " + owned + "\n");
        fails("r", R"("drain": {"command": "ssh"})");
        fails("q", R"("drain": {"url": ")" + web.url() + "\"}");
        CHECK_FALSE(std::filesystem::exists(owned));
        CHECK(web.asked == 0);
        CHECK(world.stateOf("web-1") == model::State::Active); // not touched
    }
    SECTION("the health URL is not asked, no port is opened")
    {
        int number = 0;
        for (const std::string& address :
             {"127.0.0.1:" + port + "/drain?x=", std::string("127.0.0.1#"), "127.0.0.1:" + port,
              std::string("a@127.0.0.1"), std::string("x y")}) {
            poison(address);
            INFO(address);
            fails("r" + std::to_string(++number),
                  R"("force": true, "health": {"http": "http://{address}/ready"})");
        }
        fails("q", R"("force": true, "health": {"tcp": 9})");
        CHECK(web.asked == 0);
    }
    SECTION("the rollout stops for its other nodes")
    {
        poison(option);
        world.web("web-2");
        world.roll(
            R"("image": "new", "name": "r", "all": true, "max_parallel": 1, "max_fail": 5, "health": {"ssh": 22})");
        REQUIRE(world.reaches("r", "paused"));
        CHECK(world.nodesOf("r") == "web-1 failed, web-2 pending");
    }
    SECTION("a gate that does not use the address works")
    {
        poison(option);
        world.roll(kRoll + R"(, "health": {"deadline": "20s", "http": ")" + web.url() + "?n={name}\"}");
        CHECK(world.reaches("r", "failed"));
        CHECK_THAT(world.nodeOf("r", "web-1").node.gateDetail, Catch::Contains("?n=web-1 answers HTTP 405"));
    }
}

TEST_CASE("The health gate gets a node's address from the lease file, not from a line of dnsmasq's log")
{
    const platform::TemporaryFolder folder;
    conductor::Settings settings;
    const bool managed = GENERATE(true, false);
    if (managed)
        settings.leaseFile = folder.path() / "dnsmasq.leases";
    FleetWorld world(settings);
    prepare(world);
    storeUnchecked(world, "web-1", [](model::Node& node) { node.properties.text = "{}"; });
    const model::NodeId id = world.node("web-1").id;
    const model::MacAddress mac = world.core->database.read(
        [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, id).at(0).mac; });
    const Listener ssh("SSH-2.0-test\r\n");
    pxe::BootContact forged;
    forged.kind = model::EventKind::DhcpAck;
    forged.mac = mac;
    forged.address = "127.0.0.1";
    forged.at = world.clock.now();
    world.core->boots.contact(forged);
    REQUIRE(world.hasEvent("web-1", "dhcp.ack"));
    world.roll(kRoll + R"(, "health": {"deadline": "120s", "ssh": )" + ssh.port() + "}");
    world.runUntilIdle(30s);
    REQUIRE(world.nodesOf("r") == "web-1 checking");
    CHECK_THAT(world.nodeOf("r", "web-1").node.gateDetail, Catch::Contains("address is not known"));
    if (!managed)
        return;
    platform::writeFileAtomically(settings.leaseFile, "0 " + mac.text + " 127.0.0.1 * *\n");
    CHECK(world.reaches("r", "done"));
}

TEST_CASE("An argument that begins with a hyphen fails the drain gate")
{
    FleetWorld world;
    prepare(world);
    storeUnchecked(world, "web-1", [](model::Node& node) { node.name = "-oProxyCommand=id"; });
    const std::string uuid = world.node("-oProxyCommand=id").id.uuid;
    script(world, "ssh", "exit 0\n");
    world.roll(R"("image": "new", "name": "r", "nodes": [")" + uuid + R"("], "drain": {"command": "ssh"})");
    CHECK(world.reaches("r", "failed"));
    const model::RolloutNode node = world.nodeOf("r", "-oProxyCommand=id").node;
    CHECK(node.reasonCode == "invalid-input");
    CHECK_THAT(node.reason, Catch::Contains("begins with -"));
    CHECK_FALSE(node.hint.empty());
}

TEST_CASE("The URL of a health gate for one node")
{
    using conductor::fleet::healthUrl;
    const auto address = [](std::string_view text) { return text::HostAddress::parse(text); };
    CHECK(healthUrl("http://{address}/", address("192.0.2.7"), "n") == "http://192.0.2.7/");
    CHECK(healthUrl("http://{address}:8080/", address("2001:db8::7"), "n") == "http://[2001:db8::7]:8080/");
    CHECK(healthUrl("http://[{address}]:80", address("2001:db8::7"), "n") == "http://[2001:db8::7]:80");
    CHECK(healthUrl("https://lb/{name}?a={address}", address("2001:db8::7"), "a~b") ==
          "https://lb/a~b?a=2001%3Adb8%3A%3A7");
    CHECK(healthUrl("http://{name}.web.lab/", address("192.0.2.7"), "n1") == "http://n1.web.lab/");
    CHECK(healthUrl("http://{address}.nip.io/", address("192.0.2.7"), "n") == "http://192.0.2.7.nip.io/");
    CHECK(healthUrl("http://lb/{name}", address("192.0.2.7"), "{address}/../?#") ==
          "http://lb/%7Baddress%7D%2F..%2F%3F%23");
    for (const std::string name : {"a/b", "a@b", "a:80", "a?b", "-a", "a b", "a~b"})
        CHECK_THROWS_AS(healthUrl("http://{name}/", address("192.0.2.7"), name), model::Error);
    // As an earlier version stored it.
    CHECK(healthUrl("http://u:p@{address}/", address("192.0.2.7"), "n") == "http://u:p@192.0.2.7/");
}

TEST_CASE("The URLs of gates in requests")
{
    using conductor::fleet::checkGateUrl;
    for (const std::string good :
         {"http://{address}/", "https://{address}:8443/ready?n={name}", "http://[{address}]/",
          "http://lb.example", "http://192.0.2.1:8080/x@y", "http://[2001:db8::1]:80/", "http://{name}.lab/",
          "http://{address}.nip.io/"})
        CHECK_NOTHROW(checkGateUrl(good, "health.http"));
    for (const std::string bad :
         {"ftp://a/", "http://", "http:///x", "http://u@a/", "http://u:p@{address}/", "http://a:0/",
          "http://a:b/", "http://a:70000/", "http://{uuid}/", "http://-a/", "http://a b/", "http://a\\@b/",
          "http://a/\n", "http://127.1/"})
        CHECK_THROWS_AS(checkGateUrl(bad, "health.http"), model::Error);
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
        CHECK(world.nodeOf("r", "web-1").node.reason.find("does not speak SSH") != std::string::npos);
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
    SECTION("does not get another project's image, which its own project wrote into instance_info")
    {
        world.image("secret", 'e');
        world.core->catalogue.change("secret", {}, [](model::Image& image) {
            image.owner = "bank";
            image.visibility = model::ImageVisibility::Project;
        });
        world.core->nodes.update(
            "web-1",
            [](model::Node& node) {
                node.owner = "shop";
                node.instanceInfo.text = R"({"image_source":"secret"})";
            },
            "eve");
        world.roll(health("restore"));
        REQUIRE(world.reaches("r", "failed"));
        CHECK(world.node("web-1").instanceInfo.text.find("\"image_source\":\"new\"") != std::string::npos);
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
    const model::SealedText sealed = *world.core->database.read(
        [&](db::Transaction& tx) { return db::ConfigDriveRepository{}.find(tx, world.node("web-1").id); });
    const std::string drive =
        world.core->context.secrets.open(conductor::configDrivePlace(world.node("web-1").id), sealed);
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
