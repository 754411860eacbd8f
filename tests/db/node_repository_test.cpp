#include "tests/db/fixture.h"

#include <algorithm>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;
using model::Node;

namespace {

Node fullNode()
{
    Node node = makeNode("full", 5);
    node.driver = "fake-hardware";
    node.state = model::State::WaitCallback;
    node.target = model::State::Active;
    node.power = model::PowerState::On;
    node.targetPower = "power off";
    node.driverInfo.text = R"({"ipmi_address":"10.0.0.1"})";
    node.properties.text = R"({"cpus":4})";
    node.instanceInfo.text = R"({"image_source":"debian"})";
    node.driverInternalInfo.text = R"({"a":1})";
    node.extra.text = R"({"x":"ü'\"%"})";
    node.traits.text = R"(["CUSTOM_A"])";
    node.networkData.text = R"({"links":[]})";
    node.instanceUuid = model::makeUuid();
    node.instanceName = "web1";
    node.resourceClass = "gpu";
    node.owner = "ops";
    node.lessee = "team";
    node.description = "it's; drop table nodes";
    node.conductorGroup = "g";
    node.chassisUuid = model::makeUuid();
    node.shard = "s1";
    node.maintenance = node.isProtected = node.retired = node.consoleEnabled = true;
    node.maintenanceReason = "fan";
    node.fault = "power failure";
    node.protectedReason = "prod";
    node.retiredReason = "old";
    node.automatedClean = false;
    node.lastError = "boom";
    node.lastErrorCode = "internal";
    node.lastErrorHint = "try";
    node.bootMode = "uefi";
    node.deployStep.text = R"({"step":"write_image"})";
    node.cleanStep.text = R"({"step":"erase"})";
    node.provisionUpdatedAt = at(7);
    node.inspectionFinishedAt = at(8);
    node.updatedAt = at(9);
    node.version = 3;
    return node;
}

void checkSame(const Node& a, const Node& b)
{
    CHECK(a.id == b.id);
    CHECK(std::tie(a.name, a.driver, a.targetPower, a.instanceUuid, a.instanceName, a.resourceClass, a.owner,
                   a.lessee, a.description, a.conductorGroup, a.chassisUuid, a.shard, a.maintenanceReason,
                   a.fault, a.protectedReason, a.retiredReason, a.lastError, a.lastErrorCode, a.lastErrorHint,
                   a.bootMode) == std::tie(b.name, b.driver, b.targetPower, b.instanceUuid, b.instanceName,
                                           b.resourceClass, b.owner, b.lessee, b.description,
                                           b.conductorGroup, b.chassisUuid, b.shard, b.maintenanceReason,
                                           b.fault, b.protectedReason, b.retiredReason, b.lastError,
                                           b.lastErrorCode, b.lastErrorHint, b.bootMode));
    CHECK(std::tie(a.state, a.target, a.power, a.maintenance, a.isProtected, a.retired, a.automatedClean,
                   a.consoleEnabled, a.provisionUpdatedAt, a.inspectionFinishedAt, a.createdAt, a.updatedAt,
                   a.version) == std::tie(b.state, b.target, b.power, b.maintenance, b.isProtected, b.retired,
                                          b.automatedClean, b.consoleEnabled, b.provisionUpdatedAt,
                                          b.inspectionFinishedAt, b.createdAt, b.updatedAt, b.version));
    CHECK(std::tie(a.driverInfo, a.properties, a.instanceInfo, a.driverInternalInfo, a.extra, a.traits,
                   a.networkData, a.deployStep,
                   a.cleanStep) == std::tie(b.driverInfo, b.properties, b.instanceInfo, b.driverInternalInfo,
                                            b.extra, b.traits, b.networkData, b.deployStep, b.cleanStep));
}

} // namespace

TEST_CASE("a node in the database", "[db][node]")
{
    World world;
    const NodeRepository& nodes = world.nodes;
    Database& database = world.database;

    SECTION("is read as it was stored, every member")
    {
        const Node full = fullNode();
        database.write([&](Transaction& tx) { nodes.insert(tx, full); });
        const auto found = database.read([&](Transaction& tx) { return nodes.find(tx, full.id); });
        REQUIRE(found);
        checkSame(*found, full);
    }
    SECTION("is read as it was updated, every member")
    {
        Node full = fullNode();
        full.id = world.node.id;
        full.version = 0;
        const Node stored = database.write([&](Transaction& tx) { return nodes.update(tx, full); });
        CHECK(stored.version == 1);
        full.version = 1;
        checkSame(*database.read([&](Transaction& tx) { return nodes.find(tx, full.id); }), full);
    }
    SECTION("is found by its name, but not by an empty name")
    {
        database.write([&](Transaction& tx) { nodes.insert(tx, makeNode("")); });
        database.read([&](Transaction& tx) {
            CHECK(nodes.findByName(tx, "rack1-07")->id == world.node.id);
            CHECK_FALSE(nodes.findByName(tx, "rack1-08"));
            CHECK_FALSE(nodes.findByName(tx, ""));
            CHECK(nodes.count(tx) == 2);
            CHECK(nodes.all(tx).size() == 2);
        });
    }
    SECTION("may have no name, like any number of nodes")
    {
        database.write([&](Transaction& tx) {
            nodes.insert(tx, makeNode(""));
            nodes.insert(tx, makeNode(""));
        });
        CHECK(database.read([&](Transaction& tx) { return nodes.count(tx); }) == 3);
    }
    SECTION("is refused when its name exists; the message names the column")
    {
        const auto error = errorOf(
            [&] { database.write([&](Transaction& tx) { nodes.insert(tx, makeNode("rack1-07")); }); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK_THAT(error.message(), Catch::Contains("nodes.name"));
    }
    SECTION("is not updated from a stale copy")
    {
        database.write([&](Transaction& tx) { nodes.update(tx, world.node); });
        const auto error =
            errorOf([&] { database.write([&](Transaction& tx) { nodes.update(tx, world.node); }); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK_THAT(error.message(), Catch::Contains("version 0 is stale, the current one is 1"));
    }
    SECTION("is not updated after its deletion")
    {
        database.write([&](Transaction& tx) { nodes.remove(tx, world.node.id); });
        CHECK(errorOf([&] {
                  database.write([&](Transaction& tx) { nodes.update(tx, world.node); });
              }).code() == ErrorCode::NotFound);
    }
    SECTION("records a power reading without a new version")
    {
        database.write([&](Transaction& tx) { nodes.recordPower(tx, world.node.id, model::PowerState::On); });
        const auto found = database.read([&](Transaction& tx) { return nodes.find(tx, world.node.id); });
        CHECK(found->power == model::PowerState::On);
        CHECK(found->version == 0);
    }
    SECTION("is listed by its state")
    {
        Node active = makeNode("a");
        active.state = model::State::Active;
        database.write([&](Transaction& tx) { nodes.insert(tx, active); });
        database.read([&](Transaction& tx) {
            REQUIRE(nodes.inState(tx, model::State::Active, 10).size() == 1);
            CHECK(nodes.inState(tx, model::State::Active, 10).front().id == active.id);
            CHECK(nodes.inState(tx, model::State::Active, 0).empty());
            CHECK(nodes.inState(tx, model::State::Error, 10).empty());
        });
    }
}

TEST_CASE("deleting a node deletes all its rows", "[db][node]")
{
    World world;
    const model::NodeId id = world.node.id;
    model::Port port;
    port.id = model::PortId::make();
    port.node = id;
    port.mac.text = "52:54:00:00:00:01";
    model::Operation operation;
    operation.id = model::OperationId::make();
    operation.node = id;
    model::Step step;
    step.id = model::StepId::make();
    step.operation = operation.id;
    AgentRecord agent;
    agent.node = id;
    world.database.write([&](Transaction& tx) {
        PortRepository{}.insert(tx, port);
        OperationRepository{}.insert(tx, operation, {step});
        EventRepository{}.append(tx, {0, id, at(1), "power.on", "", {}, {}});
        EventRepository{}.append(tx, {0, {}, at(1), "dhcp.ignored", "", {}, {}});
        AgentRepository{}.store(tx, agent);
        ConfigDriveRepository{}.store(tx, id, {"sealed:x"});
        CHECK(LeaseRepository{}.take(tx, id, "c", "b", "deploy", at(1)));
    });
    world.database.write([&](Transaction& tx) { world.nodes.remove(tx, id); });
    world.database.read([&](Transaction& tx) {
        CHECK(world.nodes.count(tx) == 0);
        CHECK(PortRepository{}.all(tx).empty());
        CHECK_FALSE(OperationRepository{}.find(tx, operation.id));
        CHECK_FALSE(OperationRepository{}.findStep(tx, step.id));
        CHECK_FALSE(AgentRepository{}.find(tx, id));
        CHECK_FALSE(ConfigDriveRepository{}.find(tx, id));
        CHECK(LeaseRepository{}.all(tx).empty());
        const auto events = EventRepository{}.since(tx, 0, 10);
        REQUIRE(events.size() == 1);
        CHECK(events[0].kind == "dhcp.ignored");
    });
}
