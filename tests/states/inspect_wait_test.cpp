#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("an inspection that waits for its agent", "[conductor][inspect-wait]")
{
    StateWorld world(State::InspectWait);
    SECTION("is locked but for abort")
    {
        world.checkLocked({StateEvent::Abort});
    }
    SECTION("stores what the agent finds, and adds a port for each new NIC with a link")
    {
        const test::World::Agent agent = world.contact();
        world.finishStep(agent, "inspect",
                         R"({"inventory": {"cpu": {"count": 4, "architecture": "aarch64"},
                             "memory": {"physical_mb": 2048}, "disks": [{"size": 2147483648}],
                             "interfaces": [
                               {"mac_address": "52:54:00:aa:00:01", "has_carrier": true},
                               {"mac_address": "52:54:00:aa:00:02", "has_carrier": false}]}})");
        CHECK(world.state() == State::Manageable);
        const std::string properties = world.node1().properties.text;
        CHECK_THAT(properties, Catch::Contains(R"("cpu_arch":"aarch64")"));
        CHECK_THAT(properties, Catch::Contains(R"("local_gb":2)"));
        const auto ports = world.core->database.read(
            [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, world.node1().id); });
        CHECK(ports.size() == 2); // the enrolled one, and the NIC with a link
    }
    SECTION("takes the inventory that a foreign ramdisk posts, from the agent's address alone")
    {
        const test::World::Agent agent = world.contact();
        const auto post = [&](const std::string& address) {
            return world.core->agents.continueInspection({agent.mac}, "", R"({"cpu": {"count": 2}})",
                                                         address);
        };
        CHECK(test::errorOf([&] { post("192.0.2.66"); }).code() == ErrorCode::NotFound);
        CHECK(post("192.0.2.7") == world.node1().id.uuid);
        CHECK(world.after(5s) == State::Manageable);
        CHECK_THAT(world.node1().properties.text, Catch::Contains(R"("cpus":2)"));
    }
    SECTION("fails with the agent's error")
    {
        world.failStep(world.contact(), "inspect");
        CHECK(world.state() == State::InspectFailed);
        CHECK(world.node1().lastErrorCode == "disk-failed");
    }
    SECTION("fails when no agent calls before the deadline")
    {
        CHECK(world.afterCallbackTimeout() == State::InspectFailed);
        CHECK(world.node1().lastErrorCode == "deadline-exceeded");
    }
    SECTION("fails by Ironic's abort")
    {
        CHECK(world.after(StateEvent::Abort) == State::InspectFailed);
    }
    SECTION("still waits after a restart")
    {
        CHECK(world.afterRestart() == State::InspectWait);
        const test::World::Agent agent = world.contact();
        world.finishStep(agent, "inspect", R"({"inventory": {"cpu": {"count": 4}}})");
        CHECK(world.state() == State::Manageable);
    }
}
