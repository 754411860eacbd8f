// Metrics, logs, the audit log and webhooks over the API.
#include "common/platform/files.h"
#include "common/platform/log.h"
#include "tests/api/api_world.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <regex>
#include <set>
#include <thread>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

/// The audit log, once the query has @p count rows: rows are written after the answer.
json audit(ApiWorld& world, const std::string& query, std::size_t count)
{
    const model::Deadline deadline = model::Deadline::in(std::chrono::seconds{20});
    json rows;
    do
        rows = world.get("/v1/audit" + query).body.at("audit");
    while (rows.size() < count && !deadline.over());
    return rows;
}

std::set<std::string> namesIn(const std::string& text, const std::string& pattern)
{
    std::set<std::string> names;
    const std::regex regex(pattern);
    for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match)
        names.insert((*match)[1].str());
    return names;
}

} // namespace

TEST_CASE("the audit log", "[api][audit]")
{
    ApiWorld world;
    world.world.image("debian");
    const std::string uuid = world.world.enrol("node-1").id.uuid;
    SECTION("has actor, action, node and outcome")
    {
        const Answer answer = world.ask("PUT", "/v1/nodes/node-1/states/provision", R"({"target": "manage"})",
                                        "1.82", {{"X-Request-Id", "my-request-1"}});
        CHECK(answer.status == 202);
        CHECK(answer.headers.at("x-openstack-request-id") == "my-request-1");
        world.world.runUntilIdle(std::chrono::seconds{2});
        const json rows = audit(world, "?node=node-1", 2);
        REQUIRE(rows.size() == 2);
        const bool requestFirst = rows.at(0).at("status").is_number();
        const json& request = rows.at(requestFirst ? 0 : 1);
        const json& end = rows.at(requestFirst ? 1 : 0);
        CHECK(request.at("action") == "PUT /v1/nodes/{ident}/states/provision");
        CHECK(request.at("actor") == "operator");
        CHECK(request.at("remote_address") == "127.0.0.1");
        CHECK(request.at("request_id") == "my-request-1");
        CHECK(request.at("target_kind") == "node");
        CHECK(request.at("target_id") == uuid);
        CHECK(request.at("target_name") == "node-1");
        CHECK(request.at("outcome") == "accepted");
        CHECK(request.at("status") == 202);
        CHECK(end.at("action") == "operation.verify");
        CHECK(end.at("outcome") == "done");
        CHECK(end.at("target_id") == uuid);
        CHECK(end.at("status").is_null());
    }
    SECTION("has refusals with their code, but no reads and no secrets")
    {
        CHECK(world.send("PUT", "/v1/nodes/node-1/states/provision", {{"target", "active"}}).status == 400);
        world.get("/v1/nodes/node-1");
        CHECK(world
                  .send("PATCH", "/v1/nodes/node-1",
                        json::array({{{"op", "add"},
                                      {"path", "/driver_info/ipmi_password"},
                                      {"value", "hunter2hunter2"}}}))
                  .status == 200);
        const json rows = audit(world, "", 2);
        REQUIRE(rows.size() == 2);
        CHECK(rows.at(0).at("outcome") == "refused");
        CHECK(rows.at(0).at("code") == "invalid-transition");
        CHECK(rows.dump().find("hunter2") == std::string::npos);
        CHECK(audit(world, "?action=PATCH", 1).size() == 1);
        CHECK(audit(world, "?actor=nobody", 0).empty());
        CHECK(audit(world, "?limit=1", 1).at(0) == rows.at(1));
        CHECK(audit(world, "?after=0&limit=1", 1).at(0) == rows.at(0));
        CHECK(world.get("/v1/audit?colour=red").status == 400);
        CHECK(world.get("/v1/audit?node=nobody").status == 404);
    }
    SECTION("refuses changes and deletions")
    {
        world.send("PUT", "/v1/nodes/node-1/maintenance", json::object());
        REQUIRE(audit(world, "", 1).size() == 1);
        db::Database& database = world.world.core->database;
        CHECK_THROWS(database.write([](db::Transaction& tx) { tx.execute("delete from audit", {}); }));
        CHECK_THROWS(
            database.write([](db::Transaction& tx) { tx.execute("update audit set actor = 'x'", {}); }));
        CHECK(audit(world, "", 1).size() == 1);
    }
}

TEST_CASE("unknown machines over the API", "[api][strangers]")
{
    ApiWorld world;
    const std::string path = "/v1/unknown-machines";
    CHECK(world.get(path).body.at("unknown_machines").empty());
    for (const char* mac : {"52:54:00:99:99:98", "52:54:00:99:99:99", "52:54:00:99:99:99"}) {
        world.world.clock.advance(std::chrono::seconds{1});
        CHECK(world.machine("GET", std::string("/boot/script?mac=") + mac).status == 200);
    }
    const json machines = world.get(path).body.at("unknown_machines"); // without a wait
    REQUIRE(machines.size() == 2);
    CHECK(machines.at(0).at("mac") == "52:54:00:99:99:99");
    CHECK(machines.at(0).at("requests") == 2);
    CHECK(machines.at(0).at("ip_address") == "127.0.0.1");
    CHECK(machines.at(0).at("vendor_class").is_null());
    CHECK(machines.at(0).at("first_seen_at") < machines.at(0).at("last_seen_at"));
    CHECK(machines.at(1).at("mac") == "52:54:00:99:99:98");
    CHECK(world.get(path + "?limit=1").body.at("unknown_machines").size() == 1);
    CHECK(world.get(path + "?colour=red").status == 400);
}

TEST_CASE("metrics", "[api][metrics]")
{
    ApiWorld world;
    world.world.nodeIn(model::State::Active, "node-1");
    world.world.enrol("node-2");
    world.get("/v1/nodes/nobody");
    const Answer scrape = world.get("/metrics");
    REQUIRE(scrape.status == 200);
    CHECK(scrape.headers.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
    CHECK_THAT(scrape.text, Contains("\nbm_nodes{provision_state=\"active\"} 1\n"));
    CHECK_THAT(scrape.text, Contains("\nbm_nodes{provision_state=\"enroll\"} 1\n"));
    CHECK_THAT(scrape.text, Contains("\nbm_operations_total{kind=\"deploy\",outcome=\"done\"} 1\n"));
    CHECK_THAT(scrape.text, Contains("\nbm_step_seconds_count{outcome=\"done\",step=\"write_image\"} 1\n"));
    CHECK_THAT(scrape.text, Contains("\nbm_disk_written_bytes_total 4194304\n"));
    CHECK_THAT(
        scrape.text,
        Contains("bm_http_requests_total{listener=\"operators\",method=\"GET\",route=\"/v1/nodes/{ident}\","
                 "status=\"404\"} 1\n"));
    SECTION("are exactly those of docs/metrics.md")
    {
        const std::string docs = platform::readFile(bm::tests::sourceFolder() + "/docs/metrics.md");
        CHECK(namesIn(scrape.text, "# TYPE ([a-z_]+) ") == namesIn(docs, "\n\\| `([a-z_]+)"));
    }
}

TEST_CASE("the log over the API", "[api][log]")
{
    ApiWorld world;
    world.world.enrol("node-1");
    const std::int64_t after = world.get("/v1/logs").body.at("next_after");
    {
        const platform::LogScope scope({"req-12345678", "node-1", "op-1"});
        platform::logWarning("test", "a \"line\"");
        platform::logInfo("test", "another");
    }
    platform::logInfo("test", "of nobody");
    const std::string from = "/v1/logs?area=test&after=" + std::to_string(after);
    const json lines = world.get(from).body.at("logs");
    REQUIRE(lines.size() == 3);
    CHECK(lines.at(0).at("message") == "a \"line\"");
    CHECK(lines.at(0).at("level") == "WARNING");
    CHECK(lines.at(0).at("request_id") == "req-12345678");
    CHECK(lines.at(0).at("node") == "node-1");
    CHECK(lines.at(0).at("operation") == "op-1");
    CHECK(lines.at(2).at("node").is_null());
    CHECK(world.get(from + "&level=warning").body.at("logs").size() == 1);
    CHECK(world.get(from + "&node=node-1").body.at("logs").size() == 2);
    CHECK(world.get(from + "&limit=1").body.at("logs").size() == 1);
    CHECK(world.get("/v1/logs?area=test&limit=1").body.at("logs").at(0).at("message") == "of nobody");
    CHECK(world.get("/v1/logs?level=loud").status == 400);
    CHECK(world.get("/v1/logs?node=nobody").status == 404);
}

TEST_CASE("webhooks over the API", "[api][webhook]")
{
    ApiWorld world;
    const json wanted = {{"name", "chat"}, {"url", "http://127.0.0.1:1/x"}, {"kinds", "state.changed"}};
    const Answer made = world.send("POST", "/v1/webhooks", wanted);
    REQUIRE(made.status == 201);
    CHECK(made.body.at("secret").get<std::string>().size() == 64);
    CHECK(world.send("POST", "/v1/webhooks", wanted).status == 409);
    const json shown = world.get("/v1/webhooks/chat").body;
    CHECK_FALSE(shown.contains("secret"));
    CHECK(shown.at("state") == "active");
    CHECK(shown.at("kinds") == "state.changed");
    CHECK(world.get("/v1/webhooks").body.at("webhooks").at(0).at("uuid") == made.body.at("uuid"));
    const Answer test = world.ask("POST", "/v1/webhooks/chat/test", "");
    CHECK(test.status == 200);
    CHECK(test.body.at("taken") == false);
    CHECK_FALSE(test.body.at("error").is_null());
    CHECK(world.send("POST", "/v1/webhooks", {{"name", "x"}, {"url", "file:///etc/passwd"}}).status == 400);
    CHECK(world.send("POST", "/v1/webhooks", {{"name", "x"}, {"uri", "http://x/"}}).status == 400);
    CHECK(world.ask("DELETE", "/v1/webhooks/chat", "").status == 204);
    CHECK(world.get("/v1/webhooks/chat").status == 404);
}
