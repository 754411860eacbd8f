#include "conductor/core/nodes.h"
#include "tests/api/api_world.h"
#include "tests/wire/samples.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const json kNode = {
    {"name", "rack1-07"},
    {"driver", "ipmi"},
    {"resource_class", "baremetal"},
    {"driver_info",
     {{"ipmi_address", "192.0.2.1"}, {"ipmi_username", "admin"}, {"ipmi_password", "hunter2"}}}};

} // namespace

TEST_CASE("nodes over REST", "[api][nodes]")
{
    ApiWorld world;
    const Answer created = world.send("POST", "/v1/nodes", kNode);
    REQUIRE(created.status == 201);
    const std::string uuid = created.body.at("uuid");

    SECTION("are created in enroll, with Location and all fields")
    {
        CHECK(created.headers.at("location") == world.base() + "/v1/nodes/" + uuid);
        CHECK(test::keysOf(created.body) == test::keysOf(json(test::sample("node.json"))));
        CHECK(created.body.at("provision_state") == "enroll");
        CHECK(created.body.at("updated_at").is_null());
    }
    SECTION("never show a password, and keep it sealed in the database")
    {
        for (const std::string path :
             {"/v1/nodes/rack1-07", "/v1/nodes/detail", "/v1/nodes?fields=driver_info"}) {
            const Answer shown = world.get(path);
            CHECK(shown.status == 200);
            CHECK(shown.text.find("hunter2") == std::string::npos);
            CHECK(shown.text.find("sealed") == std::string::npos);
            CHECK(shown.text.find("******") != std::string::npos);
        }
        CHECK_THAT(world.world.node("rack1-07").driverInfo.text, Contains("sealed:"));
        const json again = {{{"op", "replace"}, {"path", "/driver_info/ipmi_password"}, {"value", "******"}},
                            {{"op", "add"}, {"path", "/driver_info/ipmi_port"}, {"value", 6230}}};
        CHECK(world.send("PATCH", "/v1/nodes/rack1-07", again).status == 200);
        const model::Node stored = world.world.node("rack1-07");
        CHECK(conductor::driverTexts(world.world.core->context, stored).at("ipmi_password") == "hunter2");
        CHECK(conductor::driverTexts(world.world.core->context, stored).at("ipmi_port") == "6230");
    }
    SECTION("are found by uuid, name and name.json, with or without a trailing slash")
    {
        for (const std::string& ident :
             {uuid, std::string("rack1-07"), std::string("rack1-07.json"), uuid + "/"})
            CHECK(world.get("/v1/nodes/" + ident).body.at("uuid") == uuid);
        CHECK(world.get("/v1/nodes/nobody").status == 404);
        CHECK(world.get("/v1/nodes/nobody").fault() == "Node nobody could not be found.");
        CHECK(world.get("/v1/nodes/rack1-07?fields=name").body.size() == 2);
    }
    SECTION("are patched, all or nothing")
    {
        const Answer patched = world.send(
            "PATCH", "/v1/nodes/rack1-07",
            json::parse(
                R"([{"op": "add", "path": "/extra/k", "value": [1]}, {"op": "replace", "path": "/name", "value": "other"}])"));
        CHECK(patched.status == 200);
        CHECK(patched.body.at("extra") == json::parse(R"({"k": [1]})"));
        CHECK(patched.body.at("name") == "other");
        CHECK_FALSE(patched.body.at("updated_at").is_null());
        const Answer refused = world.send(
            "PATCH", "/v1/nodes/other",
            json::parse(
                R"([{"op": "replace", "path": "/description", "value": "x"}, {"op": "remove", "path": "/extra/absent"}])"));
        CHECK(refused.status == 400);
        CHECK(world.get("/v1/nodes/other").body.at("description").is_null());
    }
    SECTION("are deleted once")
    {
        CHECK(world.ask("DELETE", "/v1/nodes/rack1-07", "").status == 204);
        CHECK(world.ask("DELETE", "/v1/nodes/rack1-07", "").status == 404);
    }
    SECTION("are refused when invalid, with Ironic's messages")
    {
        CHECK(world.send("POST", "/v1/nodes", kNode).status == 409);
        CHECK(world.send("POST", "/v1/nodes", kNode).fault() == "A node with name rack1-07 already exists.");
        CHECK(world.send("POST", "/v1/nodes", {{"driver", "nonsense"}}).status == 400);
        CHECK(world.send("POST", "/v1/nodes", {{"driver", "ipmi"}, {"name", "a b"}}).status == 400);
        const Answer broken = world.ask("POST", "/v1/nodes", "{\"driver\": \"ipmi\",\n oops}");
        CHECK(broken.status == 400);
        CHECK_THAT(broken.fault(), Contains("line 2, column 2"));
        CHECK(broken.body.at("code") == "invalid-input");
        CHECK(world
                  .ask("POST", "/v1/nodes", "driver=ipmi", "1.82",
                       {{"Content-Type", "application/x-www-form-urlencoded"}})
                  .status == 415);
        CHECK(world.ask("POST", "/v1/nodes", std::string(2'000'000, ' ')).status == 413);
        CHECK_THAT(world.send("POST", "/v1/nodes", {{"driver", "ipmi"}, {"colour", 1}}).fault(),
                   Contains("'colour' was unexpected"));
    }
    SECTION("maintenance is set with a reason and ended")
    {
        CHECK(world.send("PUT", "/v1/nodes/rack1-07/maintenance", {{"reason", "fan"}}).status == 202);
        CHECK(world.get("/v1/nodes/rack1-07").body.at("maintenance_reason") == "fan");
        CHECK(world.ask("DELETE", "/v1/nodes/rack1-07/maintenance", "").status == 202);
        CHECK(world.get("/v1/nodes/rack1-07").body.at("maintenance") == false);
    }
    SECTION("validate lists the missing values per interface")
    {
        const json verdict = world.get("/v1/nodes/rack1-07/validate").body;
        CHECK(test::keysOf(verdict) == test::keysOf(json(test::sample("node_validate.json"))));
        CHECK(verdict.at("power").at("result") == true);
        CHECK(verdict.at("deploy").at("result") == false);
        CHECK_THAT(verdict.at("deploy").at("reason").get<std::string>(), Contains("image_source"));
    }
    SECTION("traits are replaced as a whole")
    {
        CHECK(world
                  .send("PUT", "/v1/nodes/rack1-07/traits",
                        {{"traits", {"HW_CPU_X86_VMX", "CUSTOM_A", "CUSTOM_A"}}})
                  .status == 204);
        CHECK(world.get("/v1/nodes/rack1-07/traits").body == json(test::sample("traits.json")));
        CHECK(world.send("PUT", "/v1/nodes/rack1-07/traits", {{"traits", {"lower"}}}).status == 400);
    }
    SECTION("inventory is 404 until an agent has reported one")
    {
        CHECK(world.get("/v1/nodes/rack1-07/inventory").status == 404);
    }
}

TEST_CASE("nodes are listed", "[api][nodes][list]")
{
    ApiWorld world;
    for (int i = 0; i < 5; ++i) {
        world.world.clock.advance(std::chrono::seconds{1});
        json node = {{"name", "n" + std::to_string(i)},
                     {"driver", i % 2 == 0 ? "ipmi" : "fake-hardware"},
                     {"description", "Rack " + std::to_string(i)}};
        if (i == 3)
            node["lessee"] = "team-a";
        REQUIRE(world.send("POST", "/v1/nodes", node).status == 201);
    }
    const auto names = [&](const std::string& query) {
        const Answer answer = world.get("/v1/nodes?" + query);
        REQUIRE(answer.status == 200);
        std::vector<std::string> found;
        for (const json& node : answer.body.at("nodes"))
            found.push_back(node.at("name"));
        return found;
    };
    using Names = std::vector<std::string>;

    SECTION("in order of creation, or by a key")
    {
        CHECK(names("") == Names{"n0", "n1", "n2", "n3", "n4"});
        CHECK(names("sort_key=name&sort_dir=desc") == Names{"n4", "n3", "n2", "n1", "n0"});
    }
    SECTION("in pages; next is the absolute link to the rest")
    {
        const Answer page = world.get("/v1/nodes?sort_key=created_at&sort_dir=desc&fields=uuid,name&limit=2");
        CHECK(page.body.at("nodes").size() == 2);
        const std::string next = page.body.at("next");
        CHECK_THAT(next,
                   Contains(world.base() +
                            "/v1/nodes?sort_key=created_at&sort_dir=desc&fields=uuid,name&limit=2&marker="));
        const Answer second = world.get(next.substr(world.base().size()));
        CHECK(second.body.at("nodes").at(0).at("name") == "n2");
        const Answer third = world.get(second.body.at("next").get<std::string>().substr(world.base().size()));
        CHECK(third.body.at("nodes").size() == 1);
        CHECK_FALSE(third.body.contains("next"));
    }
    SECTION("with filters")
    {
        CHECK(names("driver=ipmi") == Names{"n0", "n2", "n4"});
        CHECK(names("description_contains=rack%203") == Names{"n3"});
        CHECK(names("lessee=team-a") == Names{"n3"});
        CHECK(names("conductor=elsewhere").empty());
        CHECK(names("associated=true").empty());
        CHECK(names("provision_state=enroll&limit=1") == Names{"n0"});
        CHECK(names("maintenance=False").size() == 5);
    }
    SECTION("without unknown parameters")
    {
        CHECK(world.get("/v1/nodes?limit=0").fault() == "Limit must be positive");
        CHECK(world.get("/v1/nodes?limit=-1").status == 400);
        CHECK(world.get("/v1/nodes?limit=x").status == 400);
        CHECK(world.get("/v1/nodes?sort_key=colour").fault() ==
              "The sort_key value \"colour\" is an invalid field for sorting");
        CHECK(world.get("/v1/nodes?sort_key=driver_info").status == 400);
        CHECK(world.get("/v1/nodes?sort_dir=up").status == 400);
        CHECK(world.get("/v1/nodes?fields=colour").status == 400);
        CHECK(world.get("/v1/nodes?colour=red").status == 400);
        CHECK(world.get("/v1/nodes?provision_state=flying").status == 400);
        CHECK(world.get("/v1/nodes?detail=true&fields=uuid").status == 400);
        CHECK(world.get("/v1/nodes?marker=11111111-2222-3333-4444-555555555555").status == 404);
        CHECK(world.get("/v1/nodes?driver=ipmi", "1.15").status == 406);
        CHECK(world.get("/v1/nodes?fields=shard", "1.81").status == 406);
    }
    SECTION("with all fields in detail")
    {
        const json node = world.get("/v1/nodes/detail").body.at("nodes").at(0);
        CHECK(test::keysOf(node) == test::keysOf(json(test::sample("nodes_detail.json")).at("nodes").at(0)));
        CHECK(world.get("/v1/nodes?detail=true").body.at("nodes").at(0) == node);
    }
}

TEST_CASE("ports over REST", "[api][ports]")
{
    ApiWorld world;
    const std::string node = world.send("POST", "/v1/nodes", kNode).body.at("uuid");
    const json wanted = {{"node_uuid", node}, {"address", "52:54:00:00:00:01"}, {"physical_network", "net"}};
    const Answer created = world.send("POST", "/v1/ports", wanted);
    REQUIRE(created.status == 201);
    const std::string uuid = created.body.at("uuid");
    CHECK(test::keysOf(created.body) == test::keysOf(json(test::sample("port_create.json"))));

    SECTION("are found by uuid, and listed by node, MAC and page")
    {
        CHECK(world.get("/v1/ports/" + uuid).body.at("uuid") == uuid);
        CHECK(world.get("/v1/nodes/rack1-07/ports").body.at("ports").size() == 1);
        CHECK(world.get("/v1/ports?node=rack1-07").body.at("ports").size() == 1);
        CHECK(world.get("/v1/ports?address=52:54:00:00:00:02").body.at("ports").empty());
        CHECK(world.get("/v1/ports/detail").body.at("ports").at(0).at("node_uuid") == node);
        CHECK(world.get("/v1/ports/11111111-2222-3333-4444-555555555555").status == 404);
    }
    SECTION("a MAC belongs to one node only")
    {
        const Answer twice = world.send("POST", "/v1/ports", wanted);
        CHECK(twice.status == 409);
        CHECK(twice.fault() == "A port with MAC address 52:54:00:00:00:01 already exists.");
        CHECK_THAT(twice.body.at("hint").get<std::string>(), Contains("rack1-07"));
    }
    SECTION("are patched and deleted")
    {
        const Answer patched =
            world.send("PATCH", "/v1/ports/" + uuid,
                       json::parse(R"([{"op": "replace", "path": "/pxe_enabled", "value": false}])"));
        CHECK(patched.status == 200);
        CHECK(patched.body.at("pxe_enabled") == false);
        CHECK(world.ask("DELETE", "/v1/ports/" + uuid, "").status == 204);
        CHECK(world.get("/v1/ports").body.at("ports").empty());
    }
}

TEST_CASE("a batch stores a node with its ports and portgroups, or nothing of it", "[api][batch]")
{
    ApiWorld world;
    const auto batch = [&](const json& node) {
        return world.send("POST", "/v1/nodes/batch", {{"nodes", {node}}}).body.at("nodes").at(0);
    };
    const auto group = [](const char* name, const char* mac) {
        return json{{"name", name}, {"ports", {{{"address", mac}}}}};
    };
    const json first = {
        {"name", "n1"}, {"driver", "fake-hardware"}, {"portgroups", {group("g1", "52:54:00:00:01:01")}}};
    CHECK(batch(first).at("result") == "created");

    json second = {{"name", "n2"},
                   {"driver", "fake-hardware"},
                   {"portgroups", {group("g2", "52:54:00:00:02:01"), group("g1", "52:54:00:00:02:02")}}};
    CHECK(batch(second).at("result") == "error"); // g1 is n1's
    CHECK(world.get("/v1/nodes/n2").status == 404);
    CHECK(world.get("/v1/portgroups").body.at("portgroups").size() == 1);
    CHECK(world.get("/v1/ports").body.at("ports").size() == 1);

    json changed = first;
    changed["extra"] = {{"rack", "7"}};
    changed["portgroups"].push_back(group("g3", "52:54:00:00:01:03"));
    changed["portgroups"].push_back(
        {{"name", "g4"}, {"uuid", "11111111-2222-3333-4444-555555555555"}, {"address", "no"}});
    CHECK(batch(changed).at("result") == "error");
    changed["portgroups"].back() = {{"name", "g1"}, {"uuid", "11111111-2222-3333-4444-555555555555"}};
    CHECK(batch(changed).at("result") == "error");
    CHECK(world.get("/v1/nodes/n1").body.at("extra") == json::object());
    CHECK(world.get("/v1/portgroups").body.at("portgroups").size() == 1);

    second["portgroups"].erase(1);
    CHECK(batch(second).at("result") == "created");
    CHECK(batch(second).at("result") == "unchanged");
    CHECK(world.get("/v1/ports").body.at("ports").size() == 2);
}
