#include "tests/api/api_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

json nightly()
{
    return {{"name", "nightly"},
            {"cron", "30 2 * * 1-5"},
            {"zone", "Europe/Berlin"},
            {"window", "4h"},
            {"rollout", {{"image", "render"}, {"select", "class=render"}, {"if_older_than", "6d"}}}};
}

} // namespace

TEST_CASE("schedules over REST", "[api][schedules]")
{
    ApiWorld world;
    world.world.image("render");
    world.world.enrol("n1");
    const Answer made = world.send("POST", "/v1/schedules", nightly());
    INFO(made.text);
    REQUIRE(made.status == 201);
    CHECK_THAT(made.headers.at("location"), Contains("/v1/schedules/"));
    CHECK(made.body.at("window") == "4h");
    CHECK(made.body.at("missed") == "skip");
    CHECK(made.body.at("rollout").at("if_older_than") == "6d");
    CHECK_THAT(made.body.at("next_due_local").get<std::string>(), Contains("02:30"));
    CHECK_THAT(made.body.at("warnings").dump(), Contains("no node matches"));

    SECTION("are listed, a page at a time, and shown by name and uuid")
    {
        json other = nightly();
        other["name"] = "other";
        REQUIRE(world.send("POST", "/v1/schedules", other).status == 201);
        const Answer first = world.get("/v1/schedules?limit=1");
        REQUIRE(first.body.at("schedules").size() == 1);
        CHECK_THAT(first.body.at("next").get<std::string>(), Contains("marker=nightly"));
        const Answer second = world.get("/v1/schedules?limit=1&marker=nightly");
        CHECK(second.body.at("schedules").at(0).at("name") == "other");
        CHECK_FALSE(second.body.contains("next"));
        CHECK(world.get("/v1/schedules/nightly").status == 200);
        CHECK(world.get("/v1/schedules/" + made.body.at("uuid").get<std::string>()).body.at("name") ==
              "nightly");
        CHECK(world.get("/v1/schedules/ghost").status == 404);
        CHECK(world.get("/v1/schedules?colour=red").status == 400);
    }
    SECTION("change only the given members")
    {
        const Answer changed =
            world.send("PATCH", "/v1/schedules/nightly",
                       {{"window", nullptr}, {"overlap", "queue"}, {"rollout", {{"canary", 2}}}});
        INFO(changed.text);
        REQUIRE(changed.status == 200);
        CHECK(changed.body.at("window").is_null());
        CHECK(changed.body.at("overlap") == "queue");
        CHECK(changed.body.at("rollout").at("canary") == 2);
        CHECK(changed.body.at("rollout").at("select") == "class=render");
        CHECK(world.send("PATCH", "/v1/schedules/nightly", {{"zone", "Mars/Base"}}).status == 400);
        CHECK(world.send("PATCH", "/v1/schedules/nightly", {{"colour", "red"}}).status == 400);
        CHECK(world.ask("PATCH", "/v1/schedules/nightly", "[]").status == 400);
    }
    SECTION("list their next due times")
    {
        const Answer next = world.get("/v1/schedules/nightly/next?count=3");
        REQUIRE(next.body.at("next").size() == 3);
        CHECK_THAT(next.body.at("next").at(0).at("local").get<std::string>(), Contains("02:30 CE"));
        CHECK(world.get("/v1/schedules/nightly/next?count=-1").status == 400);
        CHECK(world.get("/v1/schedules/nightly/next?count=1000000").status == 400);
    }
    SECTION("are paused and resumed repeatedly")
    {
        for (int i = 0; i < 2; ++i)
            CHECK(world.ask("POST", "/v1/schedules/nightly/pause", "").body.at("paused") == true);
        CHECK(world.get("/v1/schedules/nightly").body.at("next_due_at").is_null());
        for (int i = 0; i < 2; ++i)
            CHECK(world.ask("POST", "/v1/schedules/nightly/resume", "").body.at("paused") == false);
    }
    SECTION("run now, and history shows the result")
    {
        const Answer run = world.ask("POST", "/v1/schedules/nightly/run", "");
        CHECK(run.status == 202);
        CHECK(run.body.at("trigger") == "manual");
        CHECK(world.ask("POST", "/v1/schedules/nightly/run", "").status == 409);
        world.world.core->scheduler.runOnce();
        const Answer runs = world.get("/v1/schedules/nightly/runs?limit=1");
        REQUIRE(runs.body.at("runs").size() == 1);
        CHECK(runs.body.at("runs").at(0).at("state") == "skipped");
        CHECK(runs.body.at("runs").at(0).at("reason").at("code") == "nothing-to-do");
        const std::string before = runs.body.at("next_before").dump();
        CHECK(world.get("/v1/schedules/nightly/runs?before=" + before).body.at("runs").empty());
        CHECK(world.get("/v1/schedules/nightly").body.at("last_run").at("state") == "skipped");
    }
    SECTION("are deleted")
    {
        CHECK(world.ask("DELETE", "/v1/schedules/nightly", "").status == 204);
        CHECK(world.ask("DELETE", "/v1/schedules/nightly", "").status == 404);
    }
    SECTION("that are invalid are refused with a hint")
    {
        const auto refused = [&](const char* patch) {
            json body = nightly();
            body["name"] = "wrong";
            body.merge_patch(json::parse(patch));
            return world.send("POST", "/v1/schedules", body);
        };
        CHECK_THAT(refused(R"({"cron": "30 2 31 2 *"})").fault(), Contains("never fires"));
        CHECK_THAT(refused(R"({"cron": "30 25 * * *"})").fault(), Contains("hour: \"25\" is not 0 to 23"));
        const Answer zone = refused(R"({"zone": "Europe/Berlim"})");
        CHECK(zone.status == 400);
        CHECK_THAT(zone.body.at("hint").get<std::string>(), Contains("Europe/Berlin"));
        CHECK(refused(R"({"rollout": {"image": "ghost"}})").status == 404);
        CHECK(refused(R"({"name": "nightly"})").status == 409);
        CHECK(world.ask("POST", "/v1/schedules", "{").status == 400);
        CHECK(world.ask("POST", "/v1/schedules", "[]").status == 400);
    }
}
