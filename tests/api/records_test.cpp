// Records of a node beyond its row: history, VIFs; and sums over more nodes than a page.
#include "db/repositories/repositories.h"
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace bm;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

std::string nodeNamed(ApiWorld& world, const std::string& name)
{
    const Answer created = world.send("POST", "/v1/nodes", {{"name", name}, {"driver", "fake-hardware"}});
    REQUIRE(created.status == 201);
    return created.body.at("uuid");
}

void append(ApiWorld& world, const std::string& node, const std::string& kind, const std::string& message)
{
    model::NodeEvent event;
    event.node.uuid = node;
    event.at = world.world.clock.now();
    event.kind = kind;
    event.message = message;
    world.world.core->context.database.write(
        [&](db::Transaction& tx) { db::EventRepository{}.append(tx, event); });
}

} // namespace

TEST_CASE("history lists a node's failures in pages", "[api][records]")
{
    ApiWorld world;
    const std::string node = nodeNamed(world, "n1");
    const std::string other = nodeNamed(world, "n2");
    for (int i = 0; i < 5; ++i) {
        append(world, node, "step.done", "no failure");
        append(world, other, "operation.failed", "another's");
        append(world, node, i == 3 ? "operation.aborted" : "operation.failed", fmt::format("failure {}", i));
    }
    const std::string path = "/v1/nodes/n1/history";
    const json first = world.get(path + "?limit=2").body;
    REQUIRE(first.at("history").size() == 2);
    CHECK(first.at("history").at(0).at("event") == "failure 0");
    CHECK(first.at("history").at(1).at("event") == "failure 1");
    CHECK_FALSE(first.at("history").at(0).contains("event_type"));
    const std::string marker = first.at("history").at(1).at("uuid");
    CHECK(first.at("next") == fmt::format("{}{}?limit=2&marker={}", world.base(), path, marker));

    const json rest = world.get(path + "?detail=true&marker=" + marker).body;
    REQUIRE(rest.at("history").size() == 3);
    CHECK_FALSE(rest.contains("next"));
    CHECK(rest.at("history").at(0).at("event") == "failure 2");
    CHECK(rest.at("history").at(2).contains("event_type"));

    CHECK(world.get(path + "/" + marker).body.at("event") == "failure 1");
    const std::string others = world.get("/v1/nodes/n2/history?limit=1").body.at("history").at(0).at("uuid");
    CHECK(world.get(path + "/" + others).status == 404);
    CHECK(world.get(path + "?marker=" + others).status == 404);
    for (const char* strange :
         {"nothing", "00000000-0000-4000-8000-00000000000g", "00000000-0000-4000-8000-000000000000",
          "00000000-0000-4000-8000--00000000001"})
        CHECK(world.get(path + "/" + strange).fault() ==
              fmt::format("Node history record {} could not be found.", strange));
}

TEST_CASE("VIFs are attached once and detached", "[api][records]")
{
    ApiWorld world;
    nodeNamed(world, "n1");
    const std::string path = "/v1/nodes/n1/vifs";
    CHECK(world.send("POST", path, {{"id", "vif-1"}}).status == 204);
    CHECK(world.send("POST", path, {{"id", "vif-2"}}).status == 204);
    const Answer twice = world.send("POST", path, {{"id", "vif-1"}});
    CHECK(twice.status == 409);
    CHECK(twice.fault() == "Unable to attach VIF vif-1: it is already attached to node n1");
    CHECK(world.get(path).body == json::parse(R"({"vifs": [{"id": "vif-1"}, {"id": "vif-2"}]})"));
    CHECK(world.ask("DELETE", path + "/vif-1", "").status == 204);
    CHECK(world.ask("DELETE", path + "/vif-1", "").fault() ==
          "Unable to detach VIF vif-1 from node n1: it is not attached");
    CHECK(world.get(path).body == json::parse(R"({"vifs": [{"id": "vif-2"}]})"));
}

TEST_CASE("shards and chassis count more than a thousand nodes", "[api][records]")
{
    ApiWorld world;
    constexpr int kNodes = 1002;
    const std::string chassis = world.send("POST", "/v1/chassis", json::object()).body.at("uuid");
    world.world.core->context.database.write([&](db::Transaction& tx) {
        for (int i = 0; i < kNodes; ++i) {
            model::Node node;
            node.id.uuid = fmt::format("10000000-0000-4000-8000-{:012}", i);
            node.driver = "fake-hardware";
            node.shard = "east";
            node.createdAt = world.world.clock.now();
            if (i == kNodes - 1)
                node.chassisUuid = chassis;
            db::NodeRepository{}.insert(tx, node);
        }
    });
    CHECK(world.get("/v1/shards").body == json::parse(R"({"shards": [{"name": "east", "count": 1002}]})"));
    CHECK(world.get("/v1/nodes?chassis_uuid=" + chassis).body.at("nodes").size() == 1);
    const Answer refused = world.ask("DELETE", "/v1/chassis/" + chassis, "");
    CHECK(refused.status == 400);
    CHECK(refused.fault() ==
          "Cannot complete the requested action because chassis " + chassis + " contains nodes.");
}
