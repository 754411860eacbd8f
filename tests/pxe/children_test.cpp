// dnsmasq and in.tftpd as children: restarted while BootServices lives, ended with it.
#include "common/model/error.h"
#include "tests/pxe/world.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace bm;
using namespace bm::tests;

TEST_CASE("dnsmasq and in.tftpd", "[pxe][peer]")
{
    World world;
    world.start();
    REQUIRE(within([&] { return world.children().size() == 2; }));
    CHECK(within([&] { return world.services->healthy(); }));
    const std::vector<int> first = world.children();
    SECTION("start again when they are killed")
    {
        for (const int pid : first)
            ::kill(pid, SIGKILL);
        CHECK(within([&] {
            const std::vector<int> now = world.children();
            return now.size() == 2 && std::none_of(now.begin(), now.end(), [&](int pid) {
                       return std::count(first.begin(), first.end(), pid) > 0;
                   });
        }));
        CHECK(world.firmware(kKnown)["ack"].is_object());
    }
    SECTION("end at stop() and run again after start()")
    {
        world.services->stop();
        CHECK(world.children().empty());
        world.services->stop();
        world.services->start();
        CHECK(within([&] { return world.children().size() == 2; }));
        CHECK(world.firmware(kKnown)["ack"].is_object());
    }
    SECTION("end with BootServices")
    {
        world.services.reset();
        CHECK(world.children().empty());
    }
}

TEST_CASE("kill -9 of the process that runs BootServices ends its children", "[pxe][peer]")
{
    World world;
    const pid_t parent = ::fork(); // this program has no other thread here
    REQUIRE(parent >= 0);
    if (parent == 0) {
        try {
            world.start();
        } catch (...) {
            ::_exit(1);
        }
        for (;;)
            ::pause();
    }
    const bool up = within([&] { return world.children().size() == 2; });
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    CHECK(up);
    CHECK(within([&] { return world.children().empty(); }));
}

TEST_CASE("interfaces that keep DHCP from starting", "[pxe][peer]")
{
    SECTION("a missing interface is refused with a hint")
    {
        World world([](pxe::BootSettings& s) { s.interface = "nosuch0"; });
        try {
            world.start();
            FAIL("started");
        } catch (const model::Error& error) {
            CHECK_THAT(error.what(), Catch::Matchers::Contains("nosuch0"));
            CHECK_THAT(error.hint(), Catch::Matchers::Contains("provisioning.interface"));
        }
    }
    SECTION("an interface that is down, without an address, serves once it is up")
    {
        World world([](pxe::BootSettings& s) { s.tftp = false; });
        world.network.onServer({"/usr/sbin/ip", "addr", "flush", "dev", "prov0"});
        world.network.onServer({"/usr/sbin/ip", "link", "set", "prov0", "down"});
        world.start();
        world.network.onServer({"/usr/sbin/ip", "link", "set", "prov0", "up"});
        world.network.onServer({"/usr/sbin/ip", "addr", "add", "10.78.0.1/24", "dev", "prov0"});
        CHECK(within([&] { return world.firmware(kKnown)["ack"].is_object(); }, std::chrono::seconds{60}));
    }
}
