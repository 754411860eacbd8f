#include "conductor/resources/allocation_rules.h"
#include "tests/support/world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <thread>

using namespace bm;
using model::Allocation;
using model::PowerTarget;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

conductor::Resources<Allocation> allocationsOf(World& world)
{
    return {world.core->context, conductor::allocationRules()};
}

Allocation allocate(World& world)
{
    Allocation wanted;
    wanted.resourceClass = "baremetal";
    return allocationsOf(world).create(wanted, "tester");
}

/// The allocation, when nothing is left to do.
Allocation decided(World& world, const Allocation& allocation)
{
    world.runUntilIdle(0ms);
    return allocationsOf(world).get(allocation.id.uuid);
}

void giveClass(World& world)
{
    world.core->nodes.update(
        "node-1", [](model::Node& node) { node.resourceClass = "baremetal"; }, "tester");
}

} // namespace

TEST_CASE("an allocation is decided after the request", "[conductor][allocations]")
{
    World world;
    world.nodeIn(State::Available);
    giveClass(world);
    SECTION("also by the next bmd, when this one ends before")
    {
        const Allocation made = allocate(world);
        CHECK(made.state == "allocating");
        CHECK(world.node("node-1").allocationUuid.empty());
        world.restart();
        CHECK(decided(world, made).state == "active");
        CHECK(world.node("node-1").instanceUuid == made.id.uuid);
        CHECK(world.hasEvent("node-1", "allocation.active"));
    }
    SECTION("by the allocator's thread, which the request wakes")
    {
        world.core->allocator.start();
        const Allocation made = allocate(world);
        for (int i = 0; i < 500 && allocationsOf(world).get(made.id.uuid).state == "allocating"; ++i)
            std::this_thread::sleep_for(10ms);
        world.core->allocator.stop();
        CHECK(allocationsOf(world).get(made.id.uuid).state == "active");
    }
    SECTION("of two for one node, one gets it")
    {
        const Allocation first = allocate(world);
        const Allocation second = allocate(world);
        CHECK(decided(world, first).state != decided(world, second).state);
        const std::vector<model::NodeEvent> events = world.core->database.read(
            [](db::Transaction& tx) { return db::EventRepository{}.since(tx, 0, 1000); });
        CHECK(std::ranges::count(events, "allocation.failed", &model::NodeEvent::kind) == 1);
    }
    SECTION("for a node whose power operation is at work")
    {
        world.core->operations.power("node-1", PowerTarget::Reboot, {}, "tester");
        const Allocation made = allocate(world);
        world.core->allocator.runOnce();
        CHECK(allocationsOf(world).get(made.id.uuid).state == "active");
        world.runUntilIdle(5s);
        CHECK(world.node("node-1").allocationUuid == made.id.uuid);
    }
}

TEST_CASE("an allocation made as soon as its node shows available gets it", "[conductor][allocations]")
{
    World world;
    world.nodeIn(State::Active);
    giveClass(world);
    world.verb("node-1", model::StateEvent::Delete);
    for (int i = 0; i < 1000 && world.stateOf("node-1") != State::Available; ++i) {
        world.runOnce();
        world.clock.advance(250ms);
    }
    const Allocation made = allocate(world);
    world.core->allocator.runOnce();
    CHECK(allocationsOf(world).get(made.id.uuid).state == "active");
    CHECK_NOTHROW(world.deploy("node-1"));
}
