// Ironic's resources besides nodes and ports: shapes from recorded answers of Ironic 21.4, rules over REST.
#include "tests/api/api_world.h"
#include "tests/wire/samples.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

json patchOf(const std::string& path, json value)
{
    return json::array({{{"op", "replace"}, {"path", path}, {"value", std::move(value)}}});
}

std::string nodeIn(ApiWorld& world, const std::string& name)
{
    const Answer created = world.send("POST", "/v1/nodes", {{"name", name}, {"driver", "fake-hardware"}});
    REQUIRE(created.status == 201);
    return created.body.at("uuid");
}

/// The recorded keys in their order, with types.
void likeRecorded(const json& ours, const json& recorded)
{
    CHECK(test::keysOf(ours) == test::keysOf(recorded));
    for (const auto& [key, value] : recorded.items())
        if (!value.is_null() && ours.contains(key) && !ours.at(key).is_null()) {
            INFO(key);
            CHECK(ours.at(key).type_name() == std::string(value.type_name()));
        }
}

} // namespace

TEST_CASE("chassis over REST", "[api][resources]")
{
    ApiWorld world;
    const Answer created =
        world.send("POST", "/v1/chassis", {{"description", "rack 1"}, {"extra", {{"a", 1}}}});
    REQUIRE(created.status == 201);
    const std::string uuid = created.body.at("uuid");
    CHECK(created.headers.at("location") == world.base() + "/v1/chassis/" + uuid);
    likeRecorded(created.body, test::sample("chassis.json"));
    likeRecorded(world.get("/v1/chassis").body.at("chassis").at(0),
                 test::sample("chassis_list.json").at("chassis").at(0));
    likeRecorded(world.get("/v1/chassis/detail").body.at("chassis").at(0), test::sample("chassis.json"));
    CHECK(world.get("/v1/chassis/" + uuid + "?fields=extra").body.size() == 2);
    world.world.clock.advance(std::chrono::seconds{1});
    const Answer patched = world.send("PATCH", "/v1/chassis/" + uuid, patchOf("/description", "rack 2"));
    CHECK(patched.body.at("description") == "rack 2");
    CHECK_FALSE(patched.body.at("updated_at").is_null());
    CHECK(world.send("PATCH", "/v1/chassis/" + uuid, patchOf("/uuid", "x")).status == 400);
    CHECK(world.send("POST", "/v1/chassis", {{"colour", 1}}).status == 400);
    CHECK(world.send("POST", "/v1/chassis", {{"uuid", uuid}}).status == 409);
    CHECK(world.get("/v1/chassis/nobody").fault() == "Expected UUID for chassis_uuid: nobody");

    nodeIn(world, "n1");
    CHECK(world
              .send("PATCH", "/v1/nodes/n1",
                    json::array({{{"op", "add"}, {"path", "/chassis_uuid"}, {"value", uuid}}}))
              .status == 200);
    CHECK_THAT(world.ask("DELETE", "/v1/chassis/" + uuid, "").fault(), Contains("contains nodes"));
    CHECK(world.send("PATCH", "/v1/nodes/n1", json::array({{{"op", "remove"}, {"path", "/chassis_uuid"}}}))
              .status == 200);
    CHECK(world.ask("DELETE", "/v1/chassis/" + uuid, "").status == 204);
    CHECK(world.get("/v1/chassis/" + uuid).status == 404);
}

TEST_CASE("lists have pages and sort keys", "[api][resources]")
{
    ApiWorld world;
    for (const char* name : {"b", "c", "a"}) {
        REQUIRE(world.send("POST", "/v1/chassis", {{"description", name}}).status == 201);
        world.world.clock.advance(std::chrono::seconds{1});
    }
    std::string seen;
    std::string path = "/v1/chassis?limit=1&sort_key=description&sort_dir=desc";
    for (int page = 0; page < 4 && !path.empty(); ++page) {
        const Answer answer = world.get(path);
        REQUIRE(answer.status == 200);
        seen += answer.body.at("chassis").at(0).at("description");
        const std::string next = answer.body.value("next", "");
        path = next.empty() ? "" : next.substr(world.base().size());
    }
    CHECK(seen == "cba");
    CHECK(world.get("/v1/chassis?sort_key=colour").status == 400);
    CHECK(world.get("/v1/chassis?sort_dir=up").status == 400);
    CHECK(world.get("/v1/chassis?colour=1").status == 400);
    CHECK(world.get("/v1/chassis?marker=11111111-2222-3333-4444-555555555555").status == 404);
}

TEST_CASE("portgroups over REST", "[api][resources]")
{
    ApiWorld world;
    const std::string node = nodeIn(world, "n1");
    const json wanted = {{"node_uuid", node}, {"name", "pg0"}, {"address", "52:54:00:00:00:02"}};
    CHECK(world.send("POST", "/v1/portgroups", wanted, "1.22").status == 404);
    const Answer created = world.send("POST", "/v1/portgroups", wanted);
    REQUIRE(created.status == 201);
    likeRecorded(created.body, test::sample("portgroup.json"));
    likeRecorded(world.get("/v1/portgroups").body.at("portgroups").at(0),
                 test::sample("portgroups.json").at("portgroups").at(0));
    CHECK(world.get("/v1/portgroups/pg0").body.at("node_uuid") == node);
    CHECK(world.get("/v1/portgroups/pg0", "1.25").body.contains("mode")); // fields= and changes need 1.26
    CHECK(world.get("/v1/portgroups/pg0?fields=mode", "1.25").status == 406);
    const json extra = {{"op", "add"}, {"path", "/extra/a"}, {"value", "b"}};
    const json property = {{"op", "add"}, {"path", "/properties/a"}, {"value", "b"}};
    const auto patched = [&](const json& steps) {
        return world.send("PATCH", "/v1/portgroups/pg0", steps, "1.25");
    };
    CHECK(patched(json::array({property})).status == 406);
    CHECK(patched(json::array({property, extra})).status == 406);
    CHECK(patched(json::array({extra, property})).body.at("properties").at("a") ==
          "b"); // Ironic looks at the first step
    json old = {{"node_uuid", node}, {"name", "pg-old"}, {"mode", "802.3ad"}};
    CHECK(world.send("POST", "/v1/portgroups", old, "1.25").status == 406);
    old["mode"] = nullptr;
    old["properties"] = json::object();
    CHECK(world.send("POST", "/v1/portgroups", old, "1.25").status == 201);
    CHECK(world.send("DELETE", "/v1/portgroups/pg-old", {}).status == 204);
    CHECK(world.get("/v1/nodes/n1/portgroups").body.at("portgroups").size() == 1);
    CHECK(world.get("/v1/portgroups?node=n1").body.at("portgroups").size() == 1);
    CHECK(world.get("/v1/portgroups?address=52:54:00:00:00:03").body.at("portgroups").empty());
    CHECK(world.send("POST", "/v1/portgroups", wanted).status == 409);
    CHECK(world.send("POST", "/v1/portgroups", {{"name", "x"}}).status == 400);
    CHECK(world.send("POST", "/v1/portgroups", {{"node_uuid", "nobody"}}).status == 400);

    const Answer port =
        world.send("POST", "/v1/ports",
                   {{"node_uuid", node}, {"address", "52:54:00:00:00:04"}, {"portgroup_uuid", "pg0"}});
    REQUIRE(port.status == 201);
    CHECK(port.body.at("portgroup_uuid") == created.body.at("uuid"));
    CHECK(world.get("/v1/portgroups/pg0/ports").body.at("ports").size() == 1);
    CHECK_THAT(world.ask("DELETE", "/v1/portgroups/pg0", "").fault(), Contains("contains ports"));
    const std::string other = nodeIn(world, "n2");
    CHECK(world
              .send("POST", "/v1/ports",
                    {{"node_uuid", other}, {"address", "52:54:00:00:00:05"}, {"portgroup_uuid", "pg0"}})
              .status == 400);
    const std::string path = "/v1/ports/" + port.body.at("uuid").get<std::string>();
    CHECK(world.send("PATCH", path, json::array({{{"op", "remove"}, {"path", "/portgroup_uuid"}}})).status ==
          200);
    CHECK(world.ask("DELETE", "/v1/portgroups/pg0", "").status == 204);
}

TEST_CASE("volumes over REST", "[api][resources]")
{
    ApiWorld world;
    const std::string node = nodeIn(world, "n1");
    const json connector = {{"node_uuid", "n1"}, {"type", "iqn"}, {"connector_id", "iqn.2017-05.org.x:01"}};
    const Answer made = world.send("POST", "/v1/volume/connectors", connector);
    REQUIRE(made.status == 201);
    likeRecorded(made.body, test::sample("volume_connector_create.json"));
    CHECK(made.body.at("node_uuid") == node);
    likeRecorded(world.get("/v1/volume/connectors").body.at("connectors").at(0),
                 test::sample("volume_connectors.json").at("connectors").at(0));
    CHECK(world.send("POST", "/v1/volume/connectors", connector).status == 409);
    CHECK(world
              .send("POST", "/v1/volume/connectors",
                    {{"node_uuid", "n1"}, {"type", "rope"}, {"connector_id", "x"}})
              .status == 400);
    const json target = {
        {"node_uuid", node}, {"boot_index", 0}, {"volume_id", "v1"}, {"volume_type", "iscsi"}};
    const Answer disk = world.send("POST", "/v1/volume/targets", target);
    REQUIRE(disk.status == 201);
    likeRecorded(disk.body, test::sample("volume_target_create.json"));
    likeRecorded(world.get("/v1/nodes/n1/volume/targets").body.at("targets").at(0),
                 test::sample("volume_targets.json").at("targets").at(0));
    CHECK_THAT(world.send("POST", "/v1/volume/targets", target).fault(), Contains("boot index '0'"));
    likeRecorded(world.get("/v1/volume").body, test::sample("volume.json"));
    CHECK(world.get("/v1/volume", "1.31").status == 404);
    const std::string path = "/v1/volume/targets/" + disk.body.at("uuid").get<std::string>();
    world.world.core->nodes.update(
        "n1", [](model::Node& stored) { stored.power = model::PowerState::On; }, "test");
    CHECK_THAT(world.ask("DELETE", path, "").fault(),
               Contains("\"volume target deletion\"") && Contains("\"power on\""));
    world.world.core->nodes.update(
        "n1", [](model::Node& stored) { stored.power = model::PowerState::Off; }, "test");
    CHECK(world.send("PATCH", path, patchOf("/volume_id", "v2")).body.at("volume_id") == "v2");
    CHECK(world.ask("DELETE", path, "").status == 204);
    CHECK(world.ask("DELETE", "/v1/nodes/n1", "").status == 204);
    CHECK(world.get("/v1/volume/connectors").body.at("connectors").empty());
}

TEST_CASE("conductors, shards and traits over REST", "[api][resources]")
{
    ApiWorld world;
    const std::string node = nodeIn(world, "n1");
    likeRecorded(world.get("/v1/conductors").body.at("conductors").at(0),
                 test::sample("conductors.json").at("conductors").at(0));
    likeRecorded(world.get("/v1/conductors/localhost").body, test::sample("conductor.json"));
    CHECK(world.get("/v1/conductors/elsewhere").status == 404);
    CHECK(world.get("/v1/conductors", "1.48").status == 404);
    CHECK(world.get("/v1/shards").body.at("shards").at(0).at("count") == 1);
    CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_B", "").status == 204);
    CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_A", "").status == 204);
    CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_A", "").status == 204);
    CHECK(world.get("/v1/nodes/n1/traits").body.at("traits") == json({"CUSTOM_A", "CUSTOM_B"}));
    CHECK(world.ask("PUT", "/v1/nodes/n1/traits/lower", "").status == 400);
    CHECK(world.ask("DELETE", "/v1/nodes/n1/traits/CUSTOM_C", "").status == 404);
    CHECK(world.ask("DELETE", "/v1/nodes/n1/traits/CUSTOM_A", "").status == 204);
    CHECK(world.ask("DELETE", "/v1/nodes/n1/traits", "").status == 204);
    CHECK(world.get("/v1/nodes/n1/traits").body.at("traits").empty());
    CHECK(world.get("/v1/conductors").body.at("conductors").at(0).at("alive") == true);
    CHECK(node.size() == 36);
}

namespace {

/// An available node of resource class "baremetal".
std::string availableIn(ApiWorld& world, const std::string& name, const json& traits = json::array())
{
    world.world.nodeIn(model::State::Available, name);
    const auto set = [&](const std::string& path, json value) {
        return world.send("PATCH", "/v1/nodes/" + name, patchOf(path, std::move(value))).status;
    };
    REQUIRE(set("/resource_class", "baremetal") == 200);
    REQUIRE(world.send("PUT", "/v1/nodes/" + name + "/traits", {{"traits", traits}}).status == 204);
    return world.get("/v1/nodes/" + name).body.at("uuid");
}

} // namespace

TEST_CASE("an allocation finds a node", "[api][resources]")
{
    ApiWorld world;
    const std::string plain = availableIn(world, "n1");
    const std::string gold = availableIn(world, "n2", {"CUSTOM_GOLD"});
    const json wanted = {{"name", "al0"}, {"resource_class", "baremetal"}, {"traits", {"CUSTOM_GOLD"}}};
    CHECK(world.send("POST", "/v1/allocations", wanted, "1.51").status == 405);
    const Answer made = world.send("POST", "/v1/allocations", wanted);
    REQUIRE(made.status == 201);
    likeRecorded(made.body, test::sample("allocation.json"));
    CHECK(made.body.at("state") == "allocating");
    CHECK(made.body.at("node_uuid").is_null());
    const std::string uuid = made.body.at("uuid");
    const auto decided = [&](const Answer& answer) {
        REQUIRE(answer.status == 201);
        CHECK(answer.body.at("state") == "allocating");
        world.world.runUntilIdle(std::chrono::milliseconds{0});
        return world.get("/v1/allocations/" + answer.body.at("uuid").get<std::string>()).body;
    };
    const json active = decided(made);
    CHECK(active.at("state") == "active");
    CHECK(active.at("node_uuid") == gold);
    CHECK(world.get("/v1/nodes/n2").body.at("allocation_uuid") == uuid);
    CHECK(world.get("/v1/nodes/n2").body.at("instance_uuid") == uuid);
    CHECK(world.get("/v1/nodes/n2").body.at("instance_info").at("traits") == json({"CUSTOM_GOLD"}));
    CHECK(world.get("/v1/nodes/n2/allocation").body.at("name") == "al0");
    CHECK(world.get("/v1/nodes/n1/allocation").status == 404);
    CHECK(world.get("/v1/allocations?node=n2").body.at("allocations").size() == 1);
    CHECK(world.get("/v1/allocations?state=error").body.at("allocations").empty());

    const Answer none =
        world.send("POST", "/v1/allocations", {{"resource_class", "baremetal"}, {"traits", {"CUSTOM_GOLD"}}});
    const json failed = decided(none);
    CHECK(failed.at("state") == "error");
    CHECK(failed.at("last_error") == "Failed to process allocation " + failed.at("uuid").get<std::string>() +
                                         ": no suitable nodes have the requested traits CUSTOM_GOLD.");
    CHECK_FALSE(failed.at("updated_at").is_null());
    const auto reason = [&](const json& body) {
        return decided(world.send("POST", "/v1/allocations", body)).at("last_error").get<std::string>();
    };
    CHECK_THAT(reason({{"resource_class", "x"}}), Contains("no available nodes match the resource class x."));
    CHECK_THAT(reason({{"resource_class", "x"}, {"candidate_nodes", {"n1"}}}),
               Contains("none of the requested nodes are available and match the resource class x."));
    CHECK(world.send("POST", "/v1/allocations", json::object()).status == 400);
    CHECK(world.send("POST", "/v1/allocations", wanted).status == 409);
    CHECK(world.send("PATCH", "/v1/allocations/al0", patchOf("/extra", {{"a", 1}}), "1.56").status == 405);
    CHECK(
        world.send("PATCH", "/v1/allocations/al0", patchOf("/extra", {{"a", 1}})).body.at("extra").at("a") ==
        1);
    CHECK(world.send("PATCH", "/v1/allocations/al0", patchOf("/state", "error")).status == 400);

    SECTION("of a candidate node, if that is available")
    {
        const Answer told = world.send("POST", "/v1/allocations",
                                       {{"resource_class", "baremetal"}, {"candidate_nodes", {"n2", "n1"}}});
        const json second = decided(told);
        CHECK(second.at("node_uuid") == plain);
        CHECK(second.at("candidate_nodes") == json({gold, plain}));
        CHECK(world
                  .send("POST", "/v1/allocations",
                        {{"resource_class", "baremetal"}, {"candidate_nodes", {"no"}}})
                  .status == 400);
    }
    SECTION("an allocation may be deleted before it is decided")
    {
        const Answer undecided = world.send("POST", "/v1/allocations", {{"resource_class", "baremetal"}});
        const std::string path = "/v1/allocations/" + undecided.body.at("uuid").get<std::string>();
        CHECK(world.ask("DELETE", path, "").status == 204);
        world.world.runUntilIdle(std::chrono::milliseconds{0});
        CHECK(world.get(path).status == 404);
        CHECK(world.get("/v1/nodes/n1").body.at("allocation_uuid").is_null());
    }
    SECTION("a backfill is decided at once: the node is active, or the answer is an error")
    {
        const Answer refused =
            world.send("POST", "/v1/allocations",
                       {{"node", "n1"}, {"resource_class", "x"}, {"candidate_nodes", {"n2"}}});
        CHECK(refused.status == 409);
        for (const char* const words :
             {"Failed to process allocation ", ": Cannot backfill an allocation for node ",
              "Node must be in the \"active\" state, but the current state is \"available\"",
              "Resource class baremetal does not match the requested resource class x",
              "Candidate nodes must be empty or contain the target node, but got "})
            CHECK_THAT(refused.fault(), Contains(words));
        world.world.deploy("n1");
        world.world.runUntilIdle();
        const Answer filled = world.send("POST", "/v1/allocations", {{"node", "n1"}});
        CHECK(filled.status == 201);
        CHECK(filled.body.at("state") == "active");
        CHECK(filled.body.at("node_uuid") == plain);
    }
    SECTION("and releases it")
    {
        CHECK(world.ask("DELETE", "/v1/nodes/n2/allocation", "").status == 204);
        CHECK(world.get("/v1/nodes/n2").body.at("instance_uuid").is_null());
        CHECK(world.get("/v1/allocations/" + uuid).status == 404);
    }
    SECTION("not a node in use; undeploying ends the allocation")
    {
        world.world.deploy("n2");
        world.world.runUntilIdle();
        REQUIRE(world.get("/v1/nodes/n2").body.at("provision_state") == "active");
        CHECK(world.ask("DELETE", "/v1/allocations/al0", "").status == 409);
        CHECK(world.send("PUT", "/v1/nodes/n2/states/provision", {{"target", "deleted"}}).status == 202);
        world.world.runUntilIdle();
        CHECK(world.get("/v1/allocations/al0").status == 404);
        CHECK(world.get("/v1/nodes/n2").body.at("allocation_uuid").is_null());
    }
}

TEST_CASE("deploy templates and runbooks over REST", "[api][resources]")
{
    ApiWorld world;
    const json step = {{"interface", "bios"},
                       {"step", "apply_configuration"},
                       {"args", {{"settings", json::array()}}},
                       {"priority", 150}};
    const json wanted = {{"name", "CUSTOM_T"}, {"steps", json::array({step})}};
    const Answer made = world.send("POST", "/v1/deploy_templates", wanted);
    REQUIRE(made.status == 201);
    likeRecorded(made.body, test::sample("deploy_template_create.json"));
    CHECK(made.body.at("steps").at(0) == step);
    CHECK(world.send("POST", "/v1/deploy_templates", wanted).status == 409);
    CHECK(test::keysOf(world.get("/v1/deploy_templates").body.at("deploy_templates").at(0)) ==
          std::vector<std::string>{"links", "name", "uuid"});
    likeRecorded(world.get("/v1/deploy_templates?detail=True").body.at("deploy_templates").at(0),
                 test::sample("deploy_templates_detail.json").at("deploy_templates").at(0));
    CHECK(world.get("/v1/deploy_templates/CUSTOM_T").body.at("uuid") == made.body.at("uuid"));
    CHECK_THAT(
        world.send("POST", "/v1/deploy_templates", {{"name", "CUSTOM_U"}, {"steps", json::array()}}).fault(),
        Contains("[] is too short"));
    CHECK_THAT(world.send("POST", "/v1/deploy_templates", {{"name", "lower"}, {"steps", json::array({step})}})
                   .fault(),
               Contains("'lower' does not match"));
    CHECK_THAT(world
                   .send("POST", "/v1/deploy_templates",
                         {{"name", "CUSTOM_U"}, {"steps", json::array({step, step})}})
                   .fault(),
               Contains("Duplicate"));
    CHECK(world.send("PATCH", "/v1/deploy_templates/CUSTOM_T", patchOf("/steps/0/priority", 10))
              .body.at("steps")
              .at(0)
              .at("priority") == 10);
    CHECK(world.ask("DELETE", "/v1/deploy_templates/CUSTOM_T", "").status == 204);

    json ordered = step;
    ordered.erase("priority");
    ordered["order"] = 1;
    const json book = {{"name", "CUSTOM_BOOK"}, {"steps", json::array({ordered})}};
    CHECK(world.send("POST", "/v1/runbooks", book, "1.91").status == 405);
    REQUIRE(world.send("POST", "/v1/runbooks", book, "1.115").status == 201);
    const json shown = world.get("/v1/runbooks/CUSTOM_BOOK", "1.115").body;
    CHECK(shown.at("public") == false);
    CHECK_FALSE(world.get("/v1/runbooks/CUSTOM_BOOK", "1.111").body.contains("traits"));
    const ApiWorld::Headers none;
    CHECK(world.ask("PUT", "/v1/runbooks/CUSTOM_BOOK/traits/CUSTOM_A", "", "1.115", none).status == 204);
    CHECK(world.get("/v1/runbooks/CUSTOM_BOOK/traits", "1.115").body.at("traits") == json({"CUSTOM_A"}));
    CHECK(world.ask("DELETE", "/v1/runbooks/CUSTOM_BOOK/traits/CUSTOM_B", "", "1.115", none).status == 404);
    CHECK(world.ask("DELETE", "/v1/runbooks/CUSTOM_BOOK", "", "1.115", none).status == 204);
}

TEST_CASE("inspection rules over REST", "[api][resources]")
{
    ApiWorld world;
    const json rule = {
        {"description", "cpus"},
        {"priority", 50},
        {"conditions", json::array({{{"op", "is-true"}, {"args", {{"value", "{inventory[cpu][count]}"}}}}})},
        {"actions",
         json::array({{{"op", "set-attribute"},
                       {"args", {{"path", "/extra/cpus"}, {"value", "{inventory[cpu][count]}"}}}}})}};
    const auto post = [&](const json& body) {
        return world.send("POST", "/v1/inspection_rules", body, "1.115");
    };
    const auto wrong = [&](const char* member, json value) {
        json body = rule;
        body[member] = std::move(value);
        return post(body);
    };
    const Answer made = post(rule);
    REQUIRE(made.status == 201);
    const std::string path = "/v1/inspection_rules/" + made.body.at("uuid").get<std::string>();
    CHECK(world.get(path, "1.115").body.at("actions") == rule.at("actions"));
    CHECK(world.get("/v1/inspection_rules", "1.115").body.at("inspection_rules").size() == 1);
    CHECK_FALSE(
        world.get("/v1/inspection_rules", "1.115").body.at("inspection_rules").at(0).contains("actions"));
    CHECK_THAT(wrong("actions", json::array()).fault(), Contains("at least one action"));
    CHECK_THAT(wrong("priority", 10000).fault(), Contains("priority"));
    CHECK_THAT(wrong("conditions", json::array({{{"op", "sounds-like"}, {"args", json::object()}}})).fault(),
               Contains("conditions[0]: \"sounds-like\" is not an operator"));
    CHECK_THAT(wrong("actions", json::array({{{"op", "set-attribute"}, {"args", {{"path", "/x"}}}}})).fault(),
               Contains("'value' is a required argument"));
    const Answer secret = wrong("sensitive", true);
    CHECK(secret.body.at("actions").is_null());
    const json patch = json::array(
        {{{"op", "add"}, {"path", "/actions/-"}, {"value", {{"op", "log"}, {"args", {"seen"}}}}}});
    CHECK(world.send("PATCH", path, patch, "1.115").body.at("actions").at(1).at("args") ==
          json({{"msg", "seen"}}));
    CHECK(world.ask("DELETE", "/v1/inspection_rules", "", "1.115", {}).status == 204);
    CHECK(world.get("/v1/inspection_rules", "1.115").body.at("inspection_rules").empty());
}

TEST_CASE("ports and portgroups take every MAC address, as Ironic does", "[api][ports]")
{
    ApiWorld world;
    REQUIRE(world.send("POST", "/v1/nodes", {{"driver", "fake-hardware"}, {"name", "n1"}}).status == 201);
    const std::string node = world.get("/v1/nodes/n1").body.at("uuid");
    for (const std::string path : {"/v1/ports", "/v1/portgroups"}) {
        INFO(path);
        std::string last;
        for (const char* const mac : {"11:22:33:44:55:66", "FF:FF:FF:FF:FF:FF", "00:00:00:00:00:00"}) {
            const Answer made = world.send("POST", path, {{"node_uuid", node}, {"address", mac}});
            INFO(mac << made.text);
            REQUIRE(made.status == 201);
            const std::string canonical = made.body.at("address");
            last = made.body.at("uuid");
            CHECK(world.get(path + "?address=" + canonical).body.begin()->size() == 1);
            CHECK(world.send("POST", path, {{"node_uuid", node}, {"address", mac}}).status == 409);
        }
        const auto replaced = [&](const json& value) {
            const json step{{"op", "replace"}, {"path", "/address"}, {"value", value}};
            return world.send("PATCH", path + "/" + last, json::array({step}));
        };
        CHECK(replaced("13:22:33:44:55:66").body.at("address") == "13:22:33:44:55:66");
        for (const json& wrong :
             {json("11:22:33:44:55"), json("11:22:33:44:55:6g"), json("112233445566"), json("")}) {
            INFO(wrong);
            CHECK(world.send("POST", path, {{"node_uuid", node}, {"address", wrong}}).status == 400);
            CHECK(replaced(wrong).fault().find("Expected valid MAC address for address: ") !=
                  std::string::npos);
        }
    }
}

TEST_CASE("a trait is added without a body, or with an empty one", "[api][traits]")
{
    ApiWorld world;
    REQUIRE(world.send("POST", "/v1/nodes", {{"driver", "fake-hardware"}, {"name", "n1"}}).status == 201);
    for (const char* const body : {"", "{}", "null", " {} "}) {
        INFO(body);
        const ApiWorld::Headers json{{"Content-Type", "application/json"}};
        CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_A", body, "1.82", json).status == 204);
    }
    for (const char* const body : {R"({"a": 1})", R"({"traits": []})", "[]", "[1]", "\"x\"", "x"}) {
        INFO(body);
        CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_B", body).status == 400);
    }
    CHECK(world.get("/v1/nodes/n1/traits").body.at("traits").size() == 1);
}
