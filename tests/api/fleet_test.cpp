#include "tests/api/api_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

TEST_CASE("POST provide makes a node available", "[api][provide]")
{
    ApiWorld world;
    world.world.enrol("node-1");
    SECTION("from enroll, by verify and clean")
    {
        const Answer begun = world.ask("POST", "/v1/nodes/node-1/provide", "");
        CHECK(begun.status == 202);
        CHECK(begun.body.at("operation").is_string());
        CHECK(world.ask("POST", "/v1/nodes/node-1/provide", "").status == 409);
        world.world.runUntilIdle(std::chrono::seconds{60});
        CHECK(world.get("/v1/nodes/node-1").body.at("provision_state") == "available");
    }
    SECTION("a repeated call changes nothing")
    {
        world.ask("POST", "/v1/nodes/node-1/provide", "");
        world.world.runUntilIdle(std::chrono::seconds{60});
        const Answer again = world.ask("POST", "/v1/nodes/node-1/provide", "");
        CHECK(again.status == 200);
        CHECK(again.body.at("operation").is_null());
    }
    SECTION("not with an instance, nor in maintenance")
    {
        world.world.image("debian");
        world.world.nodeIn(model::State::Active, "node-2");
        const Answer active = world.ask("POST", "/v1/nodes/node-2/provide", "");
        CHECK(active.status == 400);
        CHECK(active.body.at("code") == "invalid-transition");
        world.send("PUT", "/v1/nodes/node-1/maintenance", {{"reason", "dust"}});
        CHECK(world.ask("POST", "/v1/nodes/node-1/provide", "").status == 409);
        CHECK(world.ask("POST", "/v1/nodes/ghost/provide", "").status == 404);
    }
}

TEST_CASE("GET /v1/fleet counts nodes, operations and failures", "[api][fleet]")
{
    ApiWorld world;
    CHECK(world.get("/v1/fleet").body.at("nodes") == 0);
    world.world.image("debian");
    world.world.enrol("idle-1");
    world.world.enrol("bad-1", R"({"fake_write_fault": "disk-failed"})");
    world.world.nodeIn(model::State::Active, "run-1");
    CHECK(world.send("POST", "/v1/nodes/bad-1/provision", {{"image", "debian"}}).status == 202);
    const json working = world.get("/v1/operations").body.at("operations");
    REQUIRE(working.size() == 1);
    CHECK(working.at(0).at("node") == "bad-1");
    CHECK(working.at(0).at("kind") == "verify");
    world.world.runUntilIdle(std::chrono::seconds{60});
    CHECK(world.get("/v1/operations").body.at("operations").empty());
    const json fleet = world.get("/v1/fleet").body;
    CHECK(fleet.at("nodes") == 3);
    CHECK(fleet.at("states").at("enroll") == 1);
    CHECK(fleet.at("states").at("active") == 1);
    REQUIRE(fleet.at("failures").size() == 1);
    CHECK(fleet.at("failures").at(0).at("node") == "bad-1");
    CHECK(fleet.at("failures").at(0).at("code") == "disk-failed");
    CHECK(world.get("/v1/fleet?x=1").status == 400);
}

TEST_CASE("GET /v1/steps/medians has the durations of steps", "[api][medians]")
{
    ApiWorld world;
    CHECK(world.get("/v1/steps/medians").body.at("deployments") == 0);
    CHECK(world.get("/v1/steps/medians").body.at("total_ms").is_null());
    world.world.image("debian");
    world.world.image("other");
    for (const char* name : {"a", "b", "c"}) {
        world.world.nodeIn(model::State::Available, name);
        const json slow =
            json::array({{{"op", "add"}, {"path", "/driver_info/fake_write_delay"}, {"value", "2"}}});
        CHECK(world.send("PATCH", "/v1/nodes/" + std::string(name), slow).status == 200);
        world.world.deploy(name);
        world.world.runUntilIdle(std::chrono::seconds{60});
    }
    const json medians = world.get("/v1/steps/medians?image=debian&last=2").body;
    CHECK(medians.at("deployments") == 2);
    CHECK(medians.at("total_ms").get<std::int64_t>() >= 2000);
    CHECK(medians.at("steps").at(0).at("name") == "check_request");
    CHECK(medians.at("steps").at(0).at("count") == 2);
    CHECK(world.get("/v1/steps/medians?image=other").body.at("deployments") == 0);
    CHECK(world.get("/v1/steps/medians?last=x").status == 400);
}

TEST_CASE("GET /v1/doctor runs the checks", "[api][doctor]")
{
    ApiWorld world;
    CHECK(world.get("/v1/doctor").status == 404); // this world has no doctor
}
