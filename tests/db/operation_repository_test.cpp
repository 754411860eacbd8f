#include "tests/db/fixture.h"

using namespace bm;
using namespace bm::db;
using model::ErrorCode;
using model::Operation;
using model::OperationState;
using model::Step;

namespace {

Operation makeOperation(const model::NodeId& node, OperationState state = OperationState::Queued)
{
    Operation operation;
    operation.id = model::OperationId::make();
    operation.node = node;
    operation.kind = model::OperationKind::Deploy;
    operation.state = state;
    return operation;
}

Step makeStep(const Operation& operation, std::int32_t position)
{
    Step step;
    step.id = model::StepId::make();
    step.operation = operation.id;
    step.position = position;
    step.name = "step" + std::to_string(position);
    return step;
}

void checkSame(const Step& a, const Step& b)
{
    CHECK(std::tie(a.id, a.operation, a.position, a.name, a.interface, a.priority, a.arguments, a.state,
                   a.attempts, a.crashes, a.bytesDone, a.bytesTotal) ==
          std::tie(b.id, b.operation, b.position, b.name, b.interface, b.priority, b.arguments, b.state,
                   b.attempts, b.crashes, b.bytesDone, b.bytesTotal));
    CHECK(std::tie(a.message, a.result, a.errorCode, a.errorMessage, a.errorHint, a.startedAt, a.finishedAt,
                   a.deadline) == std::tie(b.message, b.result, b.errorCode, b.errorMessage, b.errorHint,
                                           b.startedAt, b.finishedAt, b.deadline));
}

} // namespace

TEST_CASE("operations", "[db][operation]")
{
    World world;
    Database& database = world.database;
    const OperationRepository operations;
    Operation operation = makeOperation(world.node.id);
    database.write([&](Transaction& tx) {
        operations.insert(tx, operation, {makeStep(operation, 1), makeStep(operation, 0)});
    });

    SECTION("are read as updated, every member")
    {
        operation.kind = model::OperationKind::Clean;
        operation.state = OperationState::Failed;
        operation.request.text = R"({"image":"x"})";
        operation.then.text = R"(["deploy"])";
        operation.actor = "ops";
        operation.abortRequested = true;
        operation.errorCode = "aborted";
        operation.errorMessage = "m";
        operation.errorHint = "h";
        operation.createdAt = at(1);
        operation.startedAt = at(2);
        operation.finishedAt = at(3);
        operation.runAt = at(4);
        database.write([&](Transaction& tx) { operations.update(tx, operation); });
        const auto found = database.read([&](Transaction& tx) { return operations.find(tx, operation.id); });
        REQUIRE(found);
        CHECK(std::tie(found->node, found->kind, found->state, found->request, found->then, found->actor,
                       found->abortRequested, found->errorCode, found->errorMessage, found->errorHint) ==
              std::tie(operation.node, operation.kind, operation.state, operation.request, operation.then,
                       operation.actor, operation.abortRequested, operation.errorCode, operation.errorMessage,
                       operation.errorHint));
        CHECK(std::tie(found->createdAt, found->startedAt, found->finishedAt, found->runAt) ==
              std::tie(operation.createdAt, operation.startedAt, operation.finishedAt, operation.runAt));
    }
    SECTION("have ordered steps, read as updated")
    {
        auto steps = database.read([&](Transaction& tx) { return operations.steps(tx, operation.id); });
        REQUIRE(steps.size() == 2);
        CHECK(steps[0].name == "step0");
        Step& step = steps[1];
        step = {step.id,
                operation.id,
                1,
                "write_image",
                "deploy",
                80,
                {R"({"a":1})"},
                model::StepState::Waiting,
                2,
                1,
                std::int64_t{1} << 40U,
                std::int64_t{1} << 41U,
                "writing",
                {R"({"b":2})"},
                "c",
                "m",
                "h",
                at(1),
                at(2),
                at(3)};
        database.write([&](Transaction& tx) { operations.updateStep(tx, step); });
        checkSame(*database.read([&](Transaction& tx) { return operations.findStep(tx, step.id); }), step);
    }
    SECTION("are one at a time on a node: current, then latest")
    {
        database.read(
            [&](Transaction& tx) { CHECK(operations.current(tx, world.node.id)->id == operation.id); });
        const Operation second = makeOperation(world.node.id, OperationState::Running);
        const auto error =
            errorOf([&] { database.write([&](Transaction& tx) { operations.insert(tx, second, {}); }); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK_THAT(error.message(), Catch::Contains("operations.node_uuid"));
        operation.state = OperationState::Done;
        database.write([&](Transaction& tx) { operations.update(tx, operation); });
        database.read([&](Transaction& tx) {
            CHECK_FALSE(operations.current(tx, world.node.id));
            CHECK(operations.latest(tx, world.node.id)->id == operation.id);
        });
        database.write([&](Transaction& tx) { operations.insert(tx, second, {}); });
        CHECK(database.read([&](Transaction& tx) { return operations.latest(tx, world.node.id); })->id ==
              second.id);
    }
    SECTION("that are unfinished are listed oldest first")
    {
        database.write([&](Transaction& tx) {
            for (const auto state :
                 {OperationState::Running, OperationState::Aborted, OperationState::Queued}) {
                const model::Node node = makeNode("");
                world.nodes.insert(tx, node);
                operations.insert(tx, makeOperation(node.id, state), {});
            }
            const auto unfinished = operations.unfinished(tx);
            REQUIRE(unfinished.size() == 3);
            CHECK(unfinished[0].id == operation.id);
            CHECK(unfinished[1].state == OperationState::Running);
        });
    }
    SECTION("and deleted steps are not updated")
    {
        CHECK(errorOf([&] {
                  database.write(
                      [&](Transaction& tx) { operations.update(tx, makeOperation(world.node.id)); });
              }).code() == ErrorCode::NotFound);
        CHECK(errorOf([&] {
                  database.write([&](Transaction& tx) { operations.updateStep(tx, makeStep(operation, 5)); });
              }).code() == ErrorCode::NotFound);
    }
}

TEST_CASE("the queue of operations", "[db][operation]")
{
    World world;
    Database& database = world.database;
    const OperationRepository operations;
    const auto add = [&](OperationState state, model::OperationKind kind, std::int64_t runAt) {
        return database.write([&](Transaction& tx) {
            const model::Node node = makeNode("");
            world.nodes.insert(tx, node);
            Operation operation = makeOperation(node.id, state);
            operation.kind = kind;
            operation.runAt = at(runAt);
            operations.insert(tx, operation, {});
            return operation.id;
        });
    };
    using Ids = std::vector<model::OperationId>;
    using enum model::OperationKind;
    CHECK_FALSE(database.read([&](Transaction& tx) { return operations.nextRunAt(tx); }));
    const auto later = add(OperationState::Running, Deploy, 200);
    const auto sooner = add(OperationState::Running, Clean, 100);
    const auto first = add(OperationState::Queued, Deploy, 50);
    const auto second = add(OperationState::Queued, Deploy, 40);
    add(OperationState::Queued, Clean, 1);
    const auto done = add(OperationState::Done, Deploy, 1);

    SECTION("lists due operations, the longest overdue first")
    {
        database.read([&](Transaction& tx) {
            CHECK(operations.due(tx, at(99), 10).empty());
            CHECK(operations.due(tx, at(100), 10) == Ids{sooner});
            CHECK(operations.due(tx, at(500), 10) == Ids{sooner, later});
            CHECK(operations.due(tx, at(500), 1) == Ids{sooner});
            CHECK(operations.nextRunAt(tx) == at(100));
        });
    }
    SECTION("lists queued operations in order and counts running ones by kind")
    {
        database.read([&](Transaction& tx) {
            CHECK(operations.queued(tx, Deploy, 10) == Ids{first, second});
            CHECK(operations.queued(tx, Deploy, 1) == Ids{first});
            CHECK(operations.countRunning(tx, Deploy) == 1);
            CHECK(operations.countRunning(tx, Verify) == 0);
        });
    }
    SECTION("is made due earlier, never later, and leaves what has ended alone")
    {
        database.write([&](Transaction& tx) {
            operations.makeDueNow(tx, later, at(90));
            operations.makeDueNow(tx, sooner, at(300));
            operations.makeDueNow(tx, done, at(0));
            CHECK(operations.find(tx, later)->runAt == at(90));
            CHECK(operations.find(tx, sooner)->runAt == at(100));
            CHECK(operations.find(tx, done)->runAt == at(1));
        });
    }
}

TEST_CASE("an unfinished operation uses an image", "[db][operation][image]")
{
    World world;
    const OperationRepository operations;
    model::Image image;
    image.id = model::ImageId::make();
    image.name = "on";
    world.database.write([&](Transaction& tx) { ImageRepository{}.insert(tx, image); });
    Operation operation = makeOperation(world.node.id, OperationState::Running);
    const auto usedBy = [&](const std::string& request) {
        operation.request.text = request;
        return world.database.write([&](Transaction& tx) {
            if (operations.find(tx, operation.id))
                operations.update(tx, operation);
            else
                operations.insert(tx, operation, {});
            return operations.nodesUsingImage(tx, image.id).size();
        });
    };
    SECTION("by id")
    {
        CHECK(usedBy(R"({"image_id":")" + image.id.uuid + R"("})") == 1);
    }
    SECTION("by name")
    {
        CHECK(usedBy(R"({"image":"on"})") == 1);
    }
    SECTION("in a nested member")
    {
        CHECK(usedBy(R"({"deploy":[{"image":{"name":"on"}}]})") == 1);
    }
    SECTION("not by an equal text in another member")
    {
        CHECK(usedBy(R"({"power":"on"})") == 0);
    }
    SECTION("not by a request that is not JSON")
    {
        CHECK(usedBy("image on") == 0);
    }
    SECTION("not after the operation has ended")
    {
        operation.state = OperationState::Done;
        CHECK(usedBy(R"({"image":"on"})") == 0);
    }
}
