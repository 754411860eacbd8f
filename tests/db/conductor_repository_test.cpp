#include "db/repositories/conductor_repository.h"

#include "db/repositories/lease_repository.h"
#include "tests/db/fixture.h"

using namespace bm;
using namespace bm::db;
using namespace std::chrono_literals;

namespace {

struct Waiting {
    model::Node node;
    model::Operation operation;
    model::Step done, open;
};

/// A running operation at its second step; the lease belongs to @p holder.
Waiting waitingNode(Transaction& tx, const std::string& name, const std::string& holder)
{
    Waiting out;
    out.node = makeNode(name);
    NodeRepository{}.insert(tx, out.node);
    out.operation.id = model::OperationId::make();
    out.operation.node = out.node.id;
    out.operation.state = model::OperationState::Running;
    out.operation.runAt = at(50'000);
    const auto step = [&](std::int32_t position, model::StepState state) {
        model::Step made;
        made.id = model::StepId::make();
        made.operation = out.operation.id;
        made.position = position;
        made.name = "step";
        made.state = state;
        made.startedAt = at(10'000);
        made.deadline = at(70'000);
        return made;
    };
    out.done = step(0, model::StepState::Done);
    out.open = step(1, model::StepState::Waiting);
    OperationRepository{}.insert(tx, out.operation, {out.done, out.open});
    AgentRecord agent;
    agent.node = out.node.id;
    agent.bootExpectedUntil = at(90'000);
    AgentRepository{}.store(tx, agent);
    if (!holder.empty())
        LeaseRepository{}.take(tx, out.node.id, holder, "boot", "deploy", at(1));
    return out;
}

} // namespace

TEST_CASE("a conductor's beats", "[db][conductor]")
{
    World world;
    const ConductorRepository conductors;
    world.database.write([&](Transaction& tx) {
        CHECK_FALSE(conductors.aliveAt(tx, "one"));
        conductors.beat(tx, "one", "boot-1", at(5));
        conductors.beat(tx, "one", "boot-2", at(9));
        CHECK(conductors.aliveAt(tx, "one") == at(9));
        CHECK_FALSE(conductors.aliveAt(tx, "two"));
    });
}

TEST_CASE("the waits of a conductor's operations move together", "[db][conductor]")
{
    World world;
    struct Case {
        std::chrono::milliseconds by;
        std::int64_t keepFrom, keepTo;
        bool moves;
    };
    const Case given =
        GENERATE(Case{86s, 0, 0, true}, Case{-3s, 0, 0, true},
                 Case{86s, 9'000, 11'000, false}); // the step began after the clock had changed
    const std::chrono::milliseconds stepBy = given.moves ? given.by : 0ms;
    world.database.write([&](Transaction& tx) {
        const Waiting own = waitingNode(tx, "own", "one");
        const Waiting other = waitingNode(tx, "other", "two");
        const Waiting released = waitingNode(tx, "released", "");
        ConductorRepository{}.shiftWaits(tx, {"one", given.by, at(given.keepFrom), at(given.keepTo)});
        const auto stepOf = [&](const model::Step& step) {
            return OperationRepository{}.findStep(tx, step.id).value();
        };
        const auto runAt = [&](const Waiting& of) {
            return OperationRepository{}.find(tx, of.operation.id).value().runAt;
        };
        const auto bootUntil = [&](const Waiting& of) {
            return AgentRepository{}.find(tx, of.node.id).value().bootExpectedUntil.value();
        };
        CHECK(stepOf(own.open).startedAt == at(10'000) + stepBy);
        CHECK(stepOf(own.open).deadline == at(70'000) + stepBy);
        CHECK(stepOf(own.done).startedAt == at(10'000));
        CHECK(runAt(own) == at(50'000) + given.by);
        CHECK(bootUntil(own) == at(90'000) + given.by);
        for (const Waiting* foreign : {&other, &released}) {
            CHECK(stepOf(foreign->open).startedAt == at(10'000));
            CHECK(runAt(*foreign) == at(50'000));
            CHECK(bootUntil(*foreign) == at(90'000));
        }
    });
}
