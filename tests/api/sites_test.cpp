// Requests that a page of another site makes an operator's browser send.
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using test::Answer;
using test::ApiWorld;
using Headers = ApiWorld::Headers;

namespace {

const std::string kNewNode = R"({"driver": "fake-hardware", "name": "n2"})";

Answer withType(ApiWorld& world, const std::string& type, const std::string& path = "/v1/nodes")
{
    return world.ask("POST", path, kNewNode, "1.82", {{"Content-Type", type}});
}

/// A POST with a body and without a Content-Type.
int statusWithoutType(const ApiWorld& world, const std::string& path)
{
    platform::HttpRequest request{platform::Reach::fixed()};
    request.method = "POST";
    request.url = world.base() + path;
    request.headers = {{"X-OpenStack-Ironic-API-Version", "1.82"}};
    request.body = kNewNode;
    return platform::HttpClient{}.send(request, model::Deadline::in(std::chrono::seconds{30})).status;
}

/// Changing requests with a body and without one, as a page can send them.
std::vector<int> changes(ApiWorld& world, const Headers& headers)
{
    return {world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_A", "", "1.82", headers).status,
            world.ask("POST", "/v1/nodes/n1/states/provision", "", "1.82", headers).status,
            world.ask("PUT", "/v1/nodes/n1/maintenance", R"({"reason": "x"})", "1.82", headers).status,
            world.ask("DELETE", "/v1/nodes/n1/maintenance", "", "1.82", headers).status};
}

const std::vector<int> kDone{204, 405, 202, 202};
const std::vector<int> kRefused{403, 403, 403, 403};

} // namespace

TEST_CASE("the type of a changing request's body", "[api][sites]")
{
    ApiWorld world;
    world.world.enrol("n1");

    SECTION("is JSON")
    {
        CHECK(withType(world, "application/json").status == 201);
        CHECK(withType(world, "application/json; charset=utf-8").status == 409);
        CHECK(withType(world, "Application/JSON").status == 409);
        CHECK(world
                  .ask("PATCH", "/v1/nodes/n1", R"([{"op": "add", "path": "/extra/a", "value": 1}])", "1.82",
                       {{"Content-Type", "application/json-patch+json"}})
                  .status == 200);
    }
    SECTION("is no form, no text and not missing")
    {
        for (const std::string type :
             {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
              "text/plain; application/json", ""}) {
            const Answer answer = withType(world, type);
            CHECK(answer.status == 415);
            CHECK(answer.body.at("code") == "unsupported-media-type");
            CHECK_THAT(answer.body.at("hint").get<std::string>(), Contains("application/json"));
        }
        CHECK(statusWithoutType(world, "/v1/nodes") == 415);
        CHECK(world.get("/v1/nodes/n2").status == 404);
    }
    SECTION("is a file's bytes for uploads only")
    {
        const Headers bytes{{"Content-Type", "application/octet-stream"}};
        CHECK(world.ask("POST", "/v1/nodes", kNewNode, "1.82", bytes).status == 415);
        CHECK(world.ask("POST", "/v1/images", "abc", "1.82", bytes).status == 400); // no name
        CHECK(withType(world, "text/plain", "/v1/images?name=a").status == 415);
    }
    SECTION("does not matter without a body, or for agents, whose requests need no login")
    {
        CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_A", "").status == 204);
        CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_B", "", "1.82", {{"Content-Type", "text/plain"}})
                  .status == 204);
        CHECK(statusWithoutType(world, "/v1/heartbeat/n1") == 400);
        CHECK(world.ask("PUT", "/v1/nodes", kNewNode, "1.82", {{"Content-Type", "text/plain"}}).status ==
              405);
    }
}

TEST_CASE("a changing request of a browser", "[api][sites]")
{
    ApiWorld world;
    world.world.enrol("n1");
    const std::string own = world.base();

    SECTION("is refused from another site")
    {
        for (const std::string site : {"cross-site", "same-site", "", "nonsense"})
            CHECK(changes(world, {{"Sec-Fetch-Site", site}}) == kRefused);
        CHECK(changes(world, {{"Sec-Fetch-Site", "cross-site"}, {"Origin", own}}) == kRefused);
        for (const std::string origin :
             {"https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "file://127.0.0.1",
              "https://127.0.0.1.evil.example"})
            CHECK(changes(world, {{"Origin", origin}}) == kRefused);
        CHECK_FALSE(world.world.node("n1").maintenance);
        CHECK(world.ask("POST", "/v1/ghosts", "", "1.82", {{"Sec-Fetch-Site", "cross-site"}}).status == 403);
    }
    SECTION("is accepted from bmd's own pages, from programs, and with a token")
    {
        CHECK(changes(world, {{"Sec-Fetch-Site", "same-origin"}, {"Origin", own}}) == kDone);
        CHECK(changes(world, {{"Sec-Fetch-Site", "none"}}) == kDone);
        CHECK(changes(world, {{"Origin", own}}) == kDone);
        CHECK(changes(world, {}) == kDone);
        CHECK(changes(world, {{"Sec-Fetch-Site", "cross-site"}, {"X-Auth-Token", "t"}}) == kDone);
        CHECK(changes(world, {{"Origin", "https://evil.example"}, {"Authorization", "bearer t"}}) == kDone);
    }
    SECTION("may be read from anywhere: browsers do not show the answer to the page")
    {
        const Answer answer = world.ask("GET", "/v1/nodes", "", "1.82", {{"Sec-Fetch-Site", "cross-site"}});
        CHECK(answer.status == 200);
        CHECK(answer.headers.count("access-control-allow-origin") == 0);
    }
    SECTION("is refused on the provisioning listener, too")
    {
        CHECK(world.machine("POST", "/v1/heartbeat/n1", "{}", {{"Origin", "https://evil.example"}}).status ==
              403);
        CHECK(world.machine("POST", "/v1/heartbeat/n1", "{}").status == 400);
    }
}

TEST_CASE("a server behind a proxy knows the origins of its names", "[api][sites]")
{
    ApiWorld world({.names = {"bm.example"}});
    world.world.enrol("n1");
    CHECK(changes(world, {{"Origin", "https://bm.example"}}) == kDone);
    CHECK(changes(world, {{"Origin", "https://BM.example:8443"}}) == kDone);
    CHECK(changes(world, {{"Origin", "https://bm.example.evil.example"}}) == kRefused);
    CHECK(changes(world, {{"Origin", "https://edge.example"}, {"Host", "edge.example"}}) == kDone);
    CHECK(changes(world, {{"Origin", "https://edge.example"}, {"Host", "edge.example:443"}}) == kDone);
    CHECK(changes(world, {{"Origin", "https://edge.example:8443"}, {"Host", "edge.example"}}) == kRefused);
}

TEST_CASE("the Host of a server without a login", "[api][sites]")
{
    const auto statusFor = [](ApiWorld& world, const std::string& host) {
        return world.ask("GET", "/v1/nodes", "", "1.82", {{"Host", host}}).status;
    };
    SECTION("is an address, localhost or a listed name")
    {
        ApiWorld world({.checkHost = true, .names = {"bm.example"}});
        for (const std::string host : {"127.0.0.1", "127.0.0.1:6385", "[::1]:6385", "localhost:6385",
                                       "LOCALHOST", "192.0.2.1", "bm.example:80", "BM.example."})
            CHECK(statusFor(world, host) == 200);
        for (const std::string host : {"evil.example", "bm.example.evil.example",
                                       "127.0.0.1.evil.example:6385", "localhost.evil.example"})
            CHECK(statusFor(world, host) == 403);
        CHECK(world.get("/v1/nodes").status == 200);
    }
    SECTION("may be any name where users log in")
    {
        ApiWorld world;
        CHECK(statusFor(world, "any.example") == 200);
    }
}

TEST_CASE("headers for browsers", "[api][sites]")
{
    ApiWorld world;
    for (const std::string path : {"/v1/nodes", "/v1/nodes/ghost", "/v1/ghosts", "/"}) {
        const Answer answer = world.get(path);
        CHECK(answer.headers.at("x-content-type-options") == "nosniff");
        CHECK(answer.headers.at("referrer-policy") == "no-referrer");
        CHECK(answer.headers.at("cross-origin-resource-policy") == "same-origin");
        CHECK(answer.headers.at("cross-origin-opener-policy") == "same-origin");
        CHECK(answer.headers.count("cache-control") == (path == "/" ? 0U : 1U));
    }
}
