// Units of writing per operation: each is a commit on a disk where nothing else is at work.
#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::State;
using model::StateEvent;
using test::World;
using namespace std::chrono_literals;

namespace {

std::size_t unitsOf(World& world)
{
    constexpr std::string_view kSum = "\nbm_db_commit_units_sum ";
    const std::string metrics = world.core->meters.registry.render();
    const std::size_t at = metrics.find(kSum);
    return at == std::string::npos ? 0
                                   : static_cast<std::size_t>(std::stod(metrics.substr(at + kSum.size())));
}

/// The units of @p act and of all that follows it.
template <class Act> std::size_t unitsFor(World& world, Act&& act)
{
    world.core->database.flush();
    const std::size_t before = unitsOf(world);
    act();
    world.runUntilIdle(2s);
    world.core->database.flush();
    return unitsOf(world) - before;
}

conductor::Settings withoutCleaning()
{
    conductor::Settings settings;
    settings.automatedClean = false;
    return settings;
}

} // namespace

TEST_CASE("an operation is written by its request, its admission and one unit for each step",
          "[conductor][units]")
{
    SECTION(
        "an undeployment and the cleaning that has no steps: request, admission, end_boot, power_off, end")
    {
        World world(withoutCleaning(), false, test::Units::Once);
        world.nodeIn(State::Active);
        CHECK(unitsFor(world, [&] { world.verb("node-1", StateEvent::Delete); }) == 5);
        CHECK(world.stateOf("node-1") == State::Available);
        CHECK(world.core->database.read([](db::Transaction& tx) { return db::LeaseRepository{}.all(tx); })
                  .empty());
        const std::optional<model::Operation> cleaning = world.latestOperation("node-1");
        CHECK(cleaning->kind == model::OperationKind::Clean);
        CHECK(cleaning->state == model::OperationState::Done);
        CHECK(cleaning->startedAt == cleaning->finishedAt);
    }
    SECTION("a deployment")
    {
        World world({}, false, test::Units::Once);
        world.nodeIn(State::Available);
        const std::size_t units = unitsFor(world, [&] { world.deploy("node-1"); });
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK(units == world.steps("node-1").size() + 2); // and the request, and the admission
    }
}

TEST_CASE("a state that a client sees is one whose operation has ended", "[conductor][units]")
{
    World world(withoutCleaning(), false, test::Units::Once);
    std::size_t checks = 0;
    world.nodeIn(State::Active);
    const model::NodeId id = world.node("node-1").id;
    world.core->database.onCommit([&](const db::CommitFacts&) {
        world.core->database.read([&](db::Transaction& tx) {
            const std::optional<model::Node> node = db::NodeRepository{}.find(tx, id);
            const bool rests = node->state == State::Active || node->state == State::Available;
            const bool busy = db::OperationRepository{}.current(tx, id).has_value();
            const bool leased = db::LeaseRepository{}.find(tx, id).has_value();
            checks += rests ? 1U : 0U;
            CHECK((!rests || !node->targetPower.empty() || (!busy && !leased)));
        });
    });
    world.verb("node-1", StateEvent::Delete);
    world.runUntilIdle(2s);
    world.deploy("node-1");
    world.runUntilIdle(2s);
    world.core->database.onCommit({});
    CHECK(world.stateOf("node-1") == State::Active);
    CHECK(checks >= 2);
}
