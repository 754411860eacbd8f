#include "conductor/core/nodes.h"
#include "tests/api/api_world.h"
#include "tests/support/ssh_key.h"
#include "tests/wire/samples.h"

#include <catch2/catch.hpp>
#include <future>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

TEST_CASE("Ironic's verbs", "[api][states]")
{
    ApiWorld world;
    const std::string uuid = world.world.enrol("node-1").id.uuid;
    SECTION("are accepted with an empty body and a Location")
    {
        const Answer manage = world.send("PUT", "/v1/nodes/node-1/states/provision", {{"target", "manage"}});
        CHECK(manage.status == 202);
        CHECK(manage.text.empty());
        CHECK(manage.headers.at("location") == world.base() + "/v1/nodes/" + uuid + "/states");
        world.world.runUntilIdle(std::chrono::seconds{2});
        const json states = world.get("/v1/nodes/node-1/states").body;
        CHECK(states.at("provision_state") == "manageable");
        CHECK(test::keysOf(states) == test::keysOf(json(test::sample("node_states.json"))));
    }
    SECTION("that the state forbids are refused with Ironic's message")
    {
        const Answer active = world.send("PUT", "/v1/nodes/node-1/states/provision", {{"target", "active"}});
        CHECK(active.status == 400);
        CHECK(active.fault() == "The requested action \"active\" can not be performed on node \"" + uuid +
                                    "\" while it is in state \"enroll\".");
        CHECK(active.body.at("code") == "invalid-transition");
        const Answer fly = world.send("PUT", "/v1/nodes/node-1/states/provision", {{"target", "fly"}});
        CHECK(fly.status == 400);
        CHECK(fly.fault() == "The requested action \"fly\" can not be performed on node \"" + uuid +
                                 "\" while it is in state \"enroll\".");
        CHECK(world.send("PUT", "/v1/nodes/nobody/states/provision", {{"target", "manage"}}).status == 404);
        CHECK(world.send("PUT", "/v1/nodes/node-1/states/provision", {{"target", "deploy"}}, "1.72").status ==
              406);
    }
    SECTION("on a busy node get 409 with the running operation")
    {
        CHECK(world.send("PUT", "/v1/nodes/node-1/states/provision", {{"target", "manage"}}).status == 202);
        const Answer again = world.send("PUT", "/v1/nodes/node-1/states/provision", {{"target", "manage"}});
        CHECK(again.status == 409);
        CHECK_THAT(again.fault(), Contains("is locked by host"));
        CHECK(again.body.at("code") == "node-locked");
    }
    SECTION("power")
    {
        const Answer on = world.send("PUT", "/v1/nodes/node-1/states/power", {{"target", "power on"}});
        CHECK(on.status == 202);
        world.world.runUntilIdle(std::chrono::seconds{2});
        CHECK(world.get("/v1/nodes/node-1").body.at("power_state") == "power on");
        CHECK(world.send("PUT", "/v1/nodes/node-1/states/power", {{"target", "explode"}}).status == 400);
        CHECK(world.get("/v1/nodes/node-1/management/boot_device/supported")
                  .body.at("supported_boot_devices") == json({"pxe", "disk", "cdrom", "bios", "safe"}));
        CHECK(world.get("/v1/nodes/node-1/states/console").body.at("console_enabled") == false);
    }
}

TEST_CASE("bm's own provision, from any state", "[api][provision]")
{
    ApiWorld world;
    world.world.image("debian");
    world.world.enrol("node-1");
    SECTION("runs to active, shows its steps and leaves a timeline")
    {
        const Answer begun =
            world.send("POST", "/v1/nodes/node-1/provision",
                       {{"image", "debian"}, {"host_name", "web-1"}, {"ssh_keys", {tests::sshKey()}}});
        CHECK(begun.status == 202);
        const json first = world.get("/v1/nodes/node-1/operation").body;
        CHECK(first.at("uuid") == begun.body.at("operation"));
        CHECK(first.at("kind") == "verify");
        CHECK(first.at("then").size() == 2);
        world.world.runUntilIdle(std::chrono::seconds{60});
        CHECK(world.get("/v1/nodes/node-1").body.at("provision_state") == "active");
        const json last = world.get("/v1/nodes/node-1/operation").body;
        CHECK(last.at("kind") == "deploy");
        CHECK(last.at("state") == "done");
        CHECK(last.at("steps").size() > 3);
        const json events = world.get("/v1/nodes/node-1/events").body;
        CHECK(events.at("events").size() > 5);
        const std::int64_t after = events.at("next_after");
        CHECK(world.get("/v1/nodes/node-1/events?after=" + std::to_string(after)).body.at("events").empty());
        CHECK(world.get("/v1/nodes/node-1/events?limit=2").body.at("events").size() == 2);
    }
    SECTION("is refused in the wrong state")
    {
        CHECK(world.send("POST", "/v1/nodes/node-1/provision", {{"image", "nothing"}}).status == 404);
        CHECK_THAT(world.send("POST", "/v1/nodes/node-1/provision", {{"imgae", "debian"}}).fault(),
                   Contains("('imgae' was unexpected)"));
        CHECK(world.send("POST", "/v1/nodes/node-1/provision", {{"image", "debian"}}).status == 202);
        CHECK(world.send("POST", "/v1/nodes/node-1/provision", {{"image", "debian"}}).status == 409);
        CHECK(world.ask("POST", "/v1/nodes/node-1/provision", "").status == 409); // no body is {}
    }
    SECTION("boots again by reboot-ok only where bm cannot switch the machine")
    {
        const std::string path = "/v1/nodes/node-1/operation/reboot-ok";
        CHECK(world.ask("POST", path, "").status == 409);
        CHECK(world.send("POST", "/v1/nodes/node-1/provision", {{"image", "debian"}}).status == 202);
        CHECK(world.ask("POST", path, "").body.at("code") == "conflict");
        CHECK(world.ask("POST", "/v1/nodes/ghost/operation/reboot-ok", "").status == 404);
        const model::NodeId id = world.world.node("node-1").id;
        world.world.core->database.write(
            [&](db::Transaction& tx) { // as after a restart without power control
                const db::OperationRepository operations;
                const std::optional<model::Operation> operation = operations.current(tx, id);
                REQUIRE(operation);
                model::Step step = operations.steps(tx, operation->id).at(0);
                step.name = "expect_boot";
                step.state = model::StepState::Waiting;
                operations.updateStep(tx, step);
            });
        CHECK(world.ask("POST", path, "").status == 202);
        CHECK(world.ask("POST", path, "").status == 409); // once
    }
    SECTION("is aborted")
    {
        CHECK(world.ask("POST", "/v1/nodes/node-1/operation/abort", "").status == 409);
        CHECK(world.get("/v1/nodes/node-1/operation").status == 404);
        CHECK(world.send("POST", "/v1/nodes/node-1/provision", {{"image", "debian"}}).status == 202);
        CHECK(world.ask("POST", "/v1/nodes/node-1/operation/abort", "").status == 202);
        world.world.runUntilIdle(std::chrono::seconds{5});
        CHECK(world.get("/v1/nodes/node-1/operation").body.at("state") == "aborted");
        CHECK(world.get("/v1/nodes/node-1").body.at("provision_state") == "enroll");
    }
}

TEST_CASE("events of all nodes", "[api][events]")
{
    ApiWorld world;
    world.world.enrol("node-1");
    const std::int64_t after = world.get("/v1/events").body.at("next_after");
    CHECK(after > 0);
    SECTION("a waiting request ends with the next event")
    {
        std::future<Answer> waiting = std::async(std::launch::async, [&] {
            test::ApiWorld* served = &world;
            platform::HttpClient client;
            platform::HttpRequest request{platform::Reach::fixed()};
            request.url = served->base() + "/v1/events?wait_seconds=20&after=" + std::to_string(after);
            const platform::HttpResponse response =
                client.send(request, model::Deadline::in(std::chrono::seconds{25}));
            return Answer{response.status, response.headers, response.body, json::parse(response.body)};
        });
        CHECK(world.send("PUT", "/v1/nodes/node-1/maintenance", {{"reason", "fan"}}).status == 202);
        const Answer answer = waiting.get();
        REQUIRE(answer.body.at("events").size() == 1);
        CHECK(answer.body.at("events").at(0).at("kind") == "node.maintenance");
    }
    SECTION("invalid numbers are refused")
    {
        CHECK(world.get("/v1/events?after=x").status == 400);
        CHECK(world.get("/v1/events?wait_seconds=31").status == 400);
        CHECK(world.get("/v1/events?after=latest").body.at("events").empty());
    }
}

TEST_CASE("POST /v1/nodes/batch enrols many nodes", "[api][batch]")
{
    ApiWorld world;
    json nodes = json::array();
    for (int i = 0; i < 20; ++i)
        nodes.push_back({{"name", "m" + std::to_string(i)},
                         {"driver", "ipmi"},
                         {"driver_info",
                          {{"ipmi_address", "192.0.2." + std::to_string(i + 1)},
                           {"ipmi_password", "secret"},
                           {"ipmi_port", 623}}},
                         {"ports",
                          {{{"address", "52:54:00:00:01:" + std::string(1, "0123456789abcdef"[i / 16]) +
                                            std::string(1, "0123456789abcdef"[i % 16])},
                            {"pxe_enabled", true}}}}});
    const auto results = [&](const Answer& answer) {
        std::map<std::string, int> counts;
        for (const json& entry : answer.body.at("nodes"))
            ++counts[entry.at("result").get<std::string>()];
        return counts;
    };
    using Counts = std::map<std::string, int>;
    const Answer first = world.send("POST", "/v1/nodes/batch", {{"nodes", nodes}});
    REQUIRE(first.status == 200);
    CHECK(results(first) == Counts{{"created", 20}});
    CHECK(first.body.at("nodes").at(0).at("name") == "m0");
    CHECK(world.get("/v1/nodes/m3/ports").body.at("ports").size() == 1);
    SECTION("a repeated call changes nothing")
    {
        CHECK(results(world.send("POST", "/v1/nodes/batch", {{"nodes", nodes}})) ==
              Counts{{"unchanged", 20}});
    }
    SECTION("differing values are updated")
    {
        nodes[3]["description"] = "moved";
        nodes[4]["driver_info"]["ipmi_password"] = "other";
        nodes[5]["ports"][0]["pxe_enabled"] = false;
        nodes[6]["ports"].push_back({{"address", "52:54:00:00:02:00"}});
        nodes[7].erase("name");
        CHECK(results(world.send("POST", "/v1/nodes/batch", {{"nodes", nodes}})) ==
              Counts{{"unchanged", 16}, {"updated", 4}});
        CHECK(conductor::driverTexts(world.world.core->context, world.world.node("m4")).at("ipmi_password") ==
              "other");
        CHECK(results(world.send("POST", "/v1/nodes/batch", {{"nodes", nodes}})) ==
              Counts{{"unchanged", 20}});
    }
    SECTION("portgroups and the ports in them are created, recognised and changed")
    {
        const json group = {
            {"name", "bond0"},
            {"mode", "802.3ad"},
            {"ports", {{{"address", "52:54:00:00:03:01"}}, {{"address", "52:54:00:00:03:02"}}}}};
        const json unnamed = {{"extra", {{"a", 1}}}, {"ports", {{{"address", "52:54:00:00:03:03"}}}}};
        json node = {{"name", "bonded"},
                     {"driver", "fake-hardware"},
                     {"portgroups", {group, unnamed}},
                     {"ports", {{{"address", "52:54:00:00:03:04"}}}}};
        const auto enrol = [&] { return world.send("POST", "/v1/nodes/batch", {{"nodes", {node}}}); };
        REQUIRE(results(enrol()) == Counts{{"created", 1}});
        CHECK(results(enrol()) == Counts{{"unchanged", 1}});
        const json groups = world.get("/v1/nodes/bonded/portgroups/detail").body.at("portgroups");
        REQUIRE(groups.size() == 2);
        CHECK(world.get("/v1/portgroups/bond0").body.at("mode") == "802.3ad");
        CHECK(world.get("/v1/portgroups/bond0/ports").body.at("ports").size() == 2);
        CHECK(world.get("/v1/nodes/bonded/ports").body.at("ports").size() == 4);
        node["portgroups"][0]["mode"] = "balance-rr";
        node["portgroups"][0]["ports"].push_back({{"address", "52:54:00:00:03:04"}});
        node["ports"] = nullptr;
        CHECK(results(enrol()) == Counts{{"updated", 1}});
        CHECK(results(enrol()) == Counts{{"unchanged", 1}});
        CHECK(world.get("/v1/portgroups/bond0/ports").body.at("ports").size() == 3);
        node["portgroups"][0]["ports"][0]["portgroup_uuid"] = "bond1";
        CHECK(results(enrol()) == Counts{{"error", 1}});
        for (const json& wrong : {json(5), json({5}), json({{{"colour", 1}}}), json({{{"ports", 5}}})}) {
            node["portgroups"] = wrong;
            CHECK(results(enrol()) == Counts{{"error", 1}});
        }
    }
    SECTION("one entry's error does not affect the others")
    {
        json mixed = {nodes[0],
                      {{"name", "bad"}, {"driver", "ipmi"}, {"colour", 1}},
                      {{"name", "worse"}, {"driver", "ipmi"}, {"ports", {{{"address", "nonsense"}}}}},
                      5,
                      {{"name", "new-1"}, {"driver", "fake-hardware"}},
                      {{"name", "m1"}, {"driver", "ipmi"}, {"ports", {{{"address", "52:54:00:00:01:02"}}}}}};
        const Answer answer = world.send("POST", "/v1/nodes/batch", {{"nodes", mixed}});
        CHECK(results(answer) == Counts{{"created", 1}, {"error", 4}, {"unchanged", 1}});
        CHECK_THAT(answer.body.at("nodes").at(1).at("error").at("message").get<std::string>(),
                   Contains("'colour'"));
        CHECK(answer.body.at("nodes").at(5).at("error").at("code") == "conflict");
    }
    SECTION("an invalid batch is refused")
    {
        CHECK(world.send("POST", "/v1/nodes/batch", json::array()).status == 400);
        CHECK(world.send("POST", "/v1/nodes/batch", {{"nodes", 5}}).status == 400);
        CHECK(world.send("POST", "/v1/nodes/batch", {{"nodes", json::array()}, {"x", 1}}).status == 400);
    }
}
