#include "conductor/machines/relay_coordinator.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using namespace std::chrono_literals;
using conductor::RelayNode;
using conductor::RelayOrder;
using conductor::RelaySettings;
using Sources = std::vector<std::string>;

namespace {

const std::string kContent(64, 'c');

struct RelayWorld {
    bm::test::ManualClock clock;
    conductor::RelayCoordinator relay{clock, 1s};
    RelaySettings settings{};

    wire::AgentRelayPlan join(const std::string& name, const std::string& rack, const std::string& address,
                              const std::string& group = "")
    {
        return relay.join({"uuid-" + name, name, rack, address, group, settings}, kContent);
    }
    std::optional<wire::AgentRelayPlan> exchange(const std::string& name, const std::string& address,
                                                 wire::AgentRelayReport news = {})
    {
        if (news.port == 0)
            news.port = settings.port;
        return relay.exchange("uuid-" + name, address, news);
    }
    Sources order()
    {
        Sources names;
        const auto copies = relay.show(kContent, "");
        for (const wire::RelayMember& member : copies.at(0).chains.at(0))
            names.push_back(member.node);
        return names;
    }
};

} // namespace

TEST_CASE("nodes that copy one image form a chain; each fetches from the node before it",
          "[conductor][relay]")
{
    RelayWorld world;
    const wire::AgentRelayPlan first = world.join("a", "r1", "10.0.0.1");
    CHECK(first.sources.empty());
    CHECK(first.token.size() == 64);
    const wire::AgentRelayPlan second = world.join("b", "r1", "10.0.0.2");
    CHECK(second.token == first.token);
    CHECK(second.sources == Sources{"10.0.0.1:6387"});
    const wire::AgentRelayPlan third = world.join("c", "r1", "10.0.0.3");
    CHECK(third.sources == Sources{"10.0.0.2:6387", "10.0.0.1:6387"});
    CHECK(world.relay.knows("uuid-c", kContent));
    CHECK_FALSE(world.relay.knows("uuid-c", std::string(64, 'd')));
    CHECK_FALSE(world.relay.exchange("stranger", "10.0.0.9", {}));
}

TEST_CASE("the order of a chain is by rack and address, or by the settings", "[conductor][relay]")
{
    RelayWorld world;
    const auto joinAll = [&world] {
        world.join("x", "r2", "10.0.0.2");
        world.join("y", "r1", "10.0.0.10");
        world.join("z", "r1", "10.0.0.9");
    };
    SECTION("rack, then the number of the address")
    {
        joinAll();
        CHECK(world.order() == Sources{"z", "y", "x"});
        CHECK(world.exchange("x", "10.0.0.2")->sources == Sources{"10.0.0.10:6387", "10.0.0.9:6387"});
    }
    SECTION("address")
    {
        world.settings.order = RelayOrder::Address;
        joinAll();
        CHECK(world.order() == Sources{"x", "z", "y"});
    }
    SECTION("the order of arrival")
    {
        world.settings.order = RelayOrder::Join;
        joinAll();
        CHECK(world.order() == Sources{"x", "y", "z"});
    }
    SECTION("a late one joins at the tail")
    {
        joinAll();
        world.clock.advance(4s);
        for (const char* name : {"x", "y", "z"})
            world.exchange(name, name == std::string("x")   ? "10.0.0.2"
                                 : name == std::string("y") ? "10.0.0.10"
                                                            : "10.0.0.9");
        world.join("a", "r0", "10.0.0.1");
        CHECK(world.order() == Sources{"z", "y", "x", "a"});
    }
}

TEST_CASE("a node that is dead, slow or silent is no source", "[conductor][relay]")
{
    RelayWorld world;
    world.join("a", "", "10.0.0.1");
    world.join("b", "", "10.0.0.2");
    world.join("c", "", "10.0.0.3");
    for (const auto& [name, address] : {std::pair("a", "10.0.0.1"), {"b", "10.0.0.2"}, {"c", "10.0.0.3"}})
        world.exchange(name, address);
    SECTION("another one found it dead, until it calls")
    {
        wire::AgentRelayReport news;
        news.left = {{"10.0.0.2:6387", "dead"}};
        CHECK(world.exchange("c", "10.0.0.3", news)->sources == Sources{"10.0.0.1:6387"});
        world.exchange("b", "10.0.0.2");
        CHECK(world.exchange("c", "10.0.0.3")->sources == Sources{"10.0.0.2:6387", "10.0.0.1:6387"});
    }
    SECTION("it reports a slow disk: moved to the tail")
    {
        wire::AgentRelayReport slow;
        slow.slow = true;
        world.exchange("b", "10.0.0.2", slow);
        CHECK(world.order() == Sources{"a", "c", "b"});
        CHECK(world.exchange("c", "10.0.0.3")->sources == Sources{"10.0.0.1:6387"});
    }
    SECTION("others reported wrong blocks: moved to the tail")
    {
        wire::AgentRelayReport news;
        news.left = {{"10.0.0.1:6387", "lying"}};
        world.exchange("b", "10.0.0.2", news);
        CHECK(world.order() == Sources{"b", "c", "a"});
        CHECK(world.exchange("c", "10.0.0.3")->sources == Sources{"10.0.0.2:6387"});
    }
    SECTION("silent for long: lost until it calls again")
    {
        world.clock.advance(7s);
        world.exchange("a", "10.0.0.1");
        CHECK(world.exchange("c", "10.0.0.3")->sources == Sources{"10.0.0.1:6387"});
        CHECK(world.relay.show(kContent, "").at(0).chains.at(0).at(1).state == "lost");
    }
    SECTION("it serves at another port")
    {
        wire::AgentRelayReport news;
        news.port = 40000;
        world.exchange("b", "10.0.0.2", news);
        CHECK(world.exchange("c", "10.0.0.3")->sources.front() == "10.0.0.2:40000");
    }
    SECTION("it stopped listening: no source, but still known by its address")
    {
        wire::AgentRelayReport news;
        news.port = 0;
        world.relay.exchange("uuid-b", "10.0.0.2", news);
        news.port = world.settings.port;
        news.bytesFrom = {{"10.0.0.2:6387", 5}};
        CHECK(world.exchange("c", "10.0.0.3", news)->sources == Sources{"10.0.0.1:6387"});
        CHECK(world.relay.show(kContent, "").at(0).chains.at(0).at(2).bytesFrom.contains("b"));
    }
    SECTION("ended")
    {
        world.relay.ended("uuid-b", true);
        CHECK(world.exchange("c", "10.0.0.3")->sources == Sources{"10.0.0.1:6387"});
        CHECK_FALSE(world.exchange("b", "10.0.0.2"));
        CHECK(world.relay.show(kContent, "").at(0).chains.at(0).at(1).state == "done");
    }
}

TEST_CASE("the number of chains follows the nodes, or the settings", "[conductor][relay]")
{
    RelayWorld world;
    SECTION("one for each 64")
    {
        for (int i = 0; i < 130; ++i)
            world.join("n" + std::to_string(i), "", "10.0.1." + std::to_string(i));
        CHECK(world.relay.show(kContent, "").at(0).chains.size() == 3);
    }
    SECTION("two, of equal length")
    {
        world.settings.chains = 2;
        for (int i = 0; i < 6; ++i)
            world.join("n" + std::to_string(i), "", "10.0.1." + std::to_string(i));
        const auto chains = world.relay.show(kContent, "").at(0).chains;
        REQUIRE(chains.size() == 2);
        CHECK(chains[0].size() == 3);
        CHECK(chains[1].size() == 3);
    }
}

TEST_CASE("a copy's token ends with it, and groups do not share one", "[conductor][relay]")
{
    RelayWorld world;
    const std::string token = world.join("a", "", "10.0.0.1").token;
    CHECK(world.join("b", "", "10.0.0.2", "rollout-1").token != token);
    CHECK(world.exchange("b", "10.0.0.2")->sources.empty());
    world.relay.ended("uuid-a", true);
    CHECK(world.join("c", "", "10.0.0.3").token != token);
}

TEST_CASE("the rate of the others is that of the slowest quarter without slow disks", "[conductor][relay]")
{
    RelayWorld world;
    wire::AgentRelayReport news;
    for (const int i : {1, 2, 3, 4, 5, 6}) {
        const std::string name = std::to_string(i);
        world.join(name, "", "10.0.0." + name);
        news.bytesPerSecond = static_cast<std::uint64_t>(i) * 1000;
        news.slow = i == 1;
        world.exchange(name, "10.0.0." + name, news);
    }
    CHECK(world.exchange("6", "10.0.0.6", news)->bytesPerSecond == 5000);
    news.bytesPerSecond = 1000; // all behind a slow disk, but two
    for (const char* name : {"2", "3", "4"})
        world.exchange(name, std::string("10.0.0.") + name, news);
    news.bytesPerSecond = 6000;
    CHECK(world.exchange("6", "10.0.0.6", news)->bytesPerSecond == 5000);
}
