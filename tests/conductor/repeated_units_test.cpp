// Units of writing that run twice, as after a serialization failure: nothing of the first try may remain.
#include "conductor/resources/allocation_rules.h"
#include "tests/support/world.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace bm;
using namespace std::chrono_literals;
using model::State;
using model::StateEvent;
using test::Units;
using test::World;

namespace {

/// The kinds of the node's events, through a deployment and its end, with the steps' names; then the metric
/// of written bytes.
std::vector<std::string> lifeOf(Units units)
{
    World world({}, false, units);
    world.nodeIn(State::Available);
    world.deploy("node-1");
    world.runUntilIdle(5s);
    world.verb("node-1", StateEvent::Delete);
    world.runUntilIdle(5s);
    std::vector<std::string> life;
    for (const model::NodeEvent& event : world.events("node-1"))
        life.push_back(event.kind.starts_with("step.") ? event.kind + " " + event.message : event.kind);
    const std::string metrics = world.core->meters.registry.render();
    const std::size_t bytes = metrics.find("\nbm_disk_written_bytes_total ");
    REQUIRE(bytes != std::string::npos);
    life.push_back(metrics.substr(bytes, metrics.find('\n', bytes + 1) - bytes));
    return life;
}

} // namespace

TEST_CASE("a node's life is the same when every unit of writing runs twice", "[conductor][repeat]")
{
    const std::vector<std::string> once = lifeOf(Units::Once);
    CHECK(once.size() > 20);
    CHECK(lifeOf(Units::Twice) == once);
}

TEST_CASE("units that complete what the caller gave", "[conductor][repeat]")
{
    World world({}, false, Units::Twice);
    world.nodeIn(State::Available);
    world.core->nodes.update(
        "node-1", [](model::Node& node) { node.resourceClass = "web"; }, "tester");
    SECTION("an allocation chooses its node at each try")
    {
        model::Allocation wanted;
        wanted.resourceClass = "web";
        const model::Allocation made =
            conductor::Resources<model::Allocation>(world.core->context, conductor::allocationRules())
                .create(wanted, "tester");
        CHECK(made.state == "allocating");
        world.core->allocator.runOnce();
        CHECK(world.node("node-1").allocationUuid == made.id.uuid);
    }
    SECTION("a port is stored once, and returned as stored")
    {
        model::Port port;
        port.node = world.node("node-1").id;
        port.mac = *model::macFromText("52:54:00:77:77:77");
        const model::Port made = world.core->nodes.createPort(port, "tester");
        const std::vector<model::Port> stored = world.core->database.read(
            [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, port.node); });
        CHECK(stored.size() == 2);
        CHECK(std::ranges::any_of(stored, [&](const model::Port& one) { return one.id == made.id; }));
    }
}
