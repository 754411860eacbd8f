// BootServices' dnsmasq and DHCP clients on a network.
#include "common/platform/log.h"
#include "tests/pxe/world.h"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sched.h>
#include <thread>
#include <unistd.h>

using namespace bm;
using namespace bm::tests;
using nlohmann::json;

namespace {

const std::string kScript =
    "http://10.78.0.1:6386/boot/script?mac=${netX/mac:hexhyp}&platform=${platform}&buildarch=${buildarch}";

/// The boot file of an answer, from the header or option 67.
std::string bootFile(const json& answer)
{
    return answer.value("boot_file", answer.value("file", ""));
}

/// The site's own DHCP server, at 10.78.0.2 on the same network; the destructor ends it.
class SiteServer {
public:
    explicit SiteServer(const World& world)
    {
        platform::Service service;
        service.name = "site-dnsmasq";
        service.command.argv = {"/usr/sbin/dnsmasq",
                                "-k",
                                "--port=0",
                                "--conf-file=/dev/null",
                                "--pid-file=",
                                "--user=",
                                "--group=",
                                "--interface=d0",
                                "--bind-interfaces",
                                "--no-ping",
                                "--dhcp-range=10.78.0.200,10.78.0.220,1h",
                                "--log-facility=-",
                                "--dhcp-leasefile=" + (world.folder.path() / "site.leases").string()};
        service.onLine = [](const std::string& line) { platform::logDebug("site", "{}", line); };
        service.command.capabilities = platform::kAllCapabilities;
        server_ = std::make_unique<platform::Supervisor>(std::move(service));
        std::thread([this, &world] { // its thread, and so its child, live in the other server's namespace
            Network::enter(world.network.otherServer());
            server_->start();
        })
            .join();
    }

private:
    std::unique_ptr<platform::Supervisor> server_;
};

} // namespace

TEST_CASE("managed DHCP and a known machine", "[pxe][peer]")
{
    World world([](pxe::BootSettings& s) { s.tftp = false; });
    world.start();
    struct Case {
        std::vector<std::string> arguments;
        std::string file;
    };
    const std::vector<Case> cases{
        {{"--arch", "0"}, "undionly.kpxe"},
        {{"--arch", "7"}, "snponly.efi"},
        {{"--arch", "9"}, "snponly.efi"},
        {{"--arch", "16", "--class", "HTTPClient"}, "http://10.78.0.1:6386/boot/snponly.efi"},
        {{"--arch", "0", "--ipxe"}, kScript},
        {{"--arch", "7", "--ipxe"}, kScript},
    };
    for (const Case& c : cases) {
        const json ack = world.firmware(kKnown, c.arguments)["ack"];
        CAPTURE(c.arguments, ack.dump());
        REQUIRE(ack.is_object());
        CHECK(ack["address"].get<std::string>().starts_with("10.78.0.1"));
        CHECK(ack.value("host_name", "") == "rack1-07");
        CHECK(bootFile(ack) == c.file);
        CHECK(ack.value("next_server", "") == "10.78.0.1");
        CHECK(ack.value("vendor_class", "") == (c.arguments.back() == "HTTPClient" ? "HTTPClient" : ""));
        CHECK(ack.value("ipxe", "") ==
              (c.arguments.back() == "--ipxe" ? "b00101ff" : "")); // 176 = 1: no wait for a proxy
    }
    for (const std::string kind : {"dhcp.discover", "dhcp.offer", "dhcp.request", "dhcp.ack"})
        CHECK(world.contact(kind, kKnown));
    CHECK(world.contact("dhcp.ack", kKnown)->address.starts_with("10.78.0.1"));
    CHECK(world.contact("dhcp.ack", kKnown)->at.time_since_epoch().count() > 0);
}

TEST_CASE("managed DHCP and an unknown machine", "[pxe][peer]")
{
    World world([](pxe::BootSettings& s) { s.tftp = false; });
    world.start();
    SECTION("gives a lease and no boot file, and reports the contact")
    {
        for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--arch", "0"},
                                                          {"--arch", "7"},
                                                          {"--arch", "16", "--class", "HTTPClient"},
                                                          {"--ipxe"}}) {
            const json ack = world.firmware(kUnknown, arguments)["ack"];
            REQUIRE(ack.is_object());
            CHECK(bootFile(ack).empty());
        }
        CHECK(world.contact("dhcp.discover", kUnknown));
    }
    SECTION("gives a deployed system its lease")
    {
        REQUIRE(within([&] { return !world.firmware(kUnknown, {"--class", "none"})["ack"].is_null(); }));
        const platform::Exit exit = world.network.onMachines(
            {"/usr/bin/busybox", "udhcpc", "-i", "c0", "-n", "-q", "-f", "-s", "/bin/true"});
        CHECK(exit.code == 0);
    }
}

TEST_CASE("machines change while dnsmasq runs", "[pxe][peer]")
{
    World world([](pxe::BootSettings& s) { s.tftp = false; });
    world.start();
    REQUIRE(bootFile(world.firmware(kKnown)["ack"]) == "undionly.kpxe");
    const std::vector<int> before = world.children();
    REQUIRE(before.size() == 1);
    const std::string added = "52:54:00:77:00:02";
    for (int round = 0; round < 3; ++round) { // dnsmasq 2.90 aborts at the second HUP where hosts have tags
        CAPTURE(round);
        world.services->setHosts(
            {{*model::macFromText(kKnown), "rack1-07", true}, {*model::macFromText(added), "12h", false}});
        CHECK(within([&] { return bootFile(world.firmware(added)["ack"]) == "undionly.kpxe"; }));
        CHECK(world.firmware(added)["ack"].value("lease_seconds", 0) == 3600); // its name is no lease time
        world.services->setHosts({{*model::macFromText(kKnown), "rack1-07", false}});
        CHECK(within([&] { return bootFile(world.firmware(added)["ack"]).empty(); }));
        CHECK(bootFile(world.firmware(kKnown)["ack"]) == "undionly.kpxe");
    }
    CHECK(world.children() == before);
    CHECK(world.services->healthy());
}

TEST_CASE("of several lists of hosts during dnsmasq's start the last one holds", "[pxe][peer]")
{
    World world([](pxe::BootSettings& s) { s.tftp = false; });
    world.start();
    std::vector<pxe::BootHost> hosts;
    for (int i = 10; i < 60; ++i) {
        hosts.push_back(
            {*model::macFromText("52:54:00:77:01:" + std::to_string(i)), "n" + std::to_string(i), true});
        world.services->setHosts(hosts);
    }
    const std::vector<int> running = world.children();
    CHECK(bootFile(world.firmware("52:54:00:77:01:59")["ack"]) == "undionly.kpxe");
    CHECK(bootFile(world.firmware(kKnown)["ack"]).empty());
    CHECK(world.children().size() == 1);
    CHECK((running.empty() || world.children() == running)); // no HUP ended it
}

TEST_CASE("proxy DHCP beside the site's own server", "[pxe][peer]")
{
    World world([](pxe::BootSettings& s) {
        s.tftp = false;
        s.dhcp = pxe::DhcpMode::Proxy;
    });
    const SiteServer site(world);
    world.start();
    const auto offersOf = [&](const std::string& mac, std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--offers", "2"});
        std::pair<json, json> offers; // theirs, ours
        const json answers = world.firmware(mac, std::move(arguments));
        for (const json& each : answers["offers"])
            (each["server"] == "10.78.0.1" ? offers.second : offers.first) = each;
        return offers;
    };
    SECTION("iPXE gets its address from the site's server and its script from bmd")
    {
        for (const char* arch : {"0", "7"}) {
            const auto [theirs, ours] = offersOf(kKnown, {"--ipxe", "--arch", arch});
            CHECK(theirs["address"].get<std::string>().starts_with("10.78.0.2"));
            CHECK(bootFile(theirs).empty());
            CHECK(ours["address"] == "0.0.0.0");
            CHECK(bootFile(ours) == kScript);
        }
    }
    SECTION("firmware gets its loader from bmd's port 4011")
    {
        for (const auto& [arch, file] :
             {std::pair{"0", "undionly.kpxe"}, {"7", "snponly.efi"}, {"9", "snponly.efi"}}) {
            const auto [theirs, ours] = offersOf(kKnown, {"--arch", arch});
            CAPTURE(arch, ours.dump());
            CHECK(theirs["address"].get<std::string>().starts_with("10.78.0.2"));
            CHECK(ours["address"] == "0.0.0.0");
            CHECK(ours.value("vendor_class", "") == "PXEClient");
            const json ack = world.firmware(kKnown, {"--arch", arch, "--pxe-server", "10.78.0.1"})["ack"];
            REQUIRE(ack.is_object());
            CHECK(bootFile(ack) == file);
            CHECK(ack["next_server"] == "10.78.0.1");
        }
        CHECK(world.contact("dhcp.proxy", kKnown));
    }
    SECTION("an unknown machine gets answers from the site's server alone, and bmd reports the contact")
    {
        const auto [theirs, ours] = offersOf(kUnknown, {"--arch", "7"});
        CHECK(theirs.is_object());
        CHECK(ours.is_null());
        CHECK(world.contact("dhcp.ignored", kUnknown));
    }
}
