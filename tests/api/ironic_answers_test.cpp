// Addresses that Ironic serves, too, and which of Ironic's two bodies a refusal has.
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

/// "fault", or "routing" with the title of the routing layer's error.
std::string kindOf(const Answer& answer)
{
    const json inner = json::parse(answer.body.at("error_message").get<std::string>());
    return std::to_string(answer.status) +
           (inner.contains("title") ? " routing: " + inner.at("title").get<std::string>() : " fault");
}

json idleNode(const char* name)
{
    return {{"name", name}, {"driver", "fake-hardware"}};
}

} // namespace

TEST_CASE("Ironic's addresses may end with .json below version 1.91", "[api][addresses]")
{
    ApiWorld world;
    const std::string uuid = world.send("POST", "/v1/nodes.json", idleNode("n1")).body.at("uuid");
    for (const char* path :
         {"/.json", "/v1.json", "/nodes.json", "/v1/nodes/detail.json", "/v1/nodes/n1.json",
          "/v1/nodes/n1/states.json", "/v1/nodes/states/n1.json", "/v1/drivers.json",
          "/v1/drivers/fake-hardware/properties.json", "/v1/chassis/detail.json"}) {
        INFO(path);
        CHECK(world.get(path).status == 200);
        CHECK(world.get(path, "1.91").status != 200);
    }
    CHECK(world.get("/v1/nodes/" + uuid + ".json").body.at("name") == "n1");
    CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_A.json", "").status == 204);
    CHECK(world.get("/v1/nodes/n1/traits").body.at("traits") == json{"CUSTOM_A"});
    CHECK(world.get("/v1/nodes/n1.json/states").status == 404);
    CHECK(world.get("/v1/rollouts.json").status == 404);
    CHECK(world.get("/v1/openapi.json").status == 200);
    CHECK(world.get("/v1/nodes.json", "abc").status == 406);
}

TEST_CASE("a name that ends with .json wins over the suffix", "[api][addresses]")
{
    ApiWorld world;
    const std::string plain = world.send("POST", "/v1/nodes", idleNode("n1")).body.at("uuid");
    const std::string node = world.send("POST", "/v1/nodes", idleNode("n1.json")).body.at("uuid");
    CHECK(world.get("/v1/nodes/n1.json").body.at("uuid") == node);
    CHECK(world.get("/v1/nodes/n1.json", "1.91").body.at("uuid") == node);
    CHECK(world.get("/v1/nodes/n1.json.json").body.at("uuid") == node);
    CHECK(world.get("/v1/nodes/n1").body.at("uuid") == plain);
    for (const char* path : {"/v1/portgroups", "/v1/allocations"}) {
        json record = {{"name", "x.json"}};
        record[path == std::string("/v1/portgroups") ? "node_uuid" : "resource_class"] = node;
        const std::string uuid = world.send("POST", path, record).body.at("uuid");
        CHECK(world.get(std::string(path) + "/x.json").body.at("uuid") == uuid);
        CHECK(world.ask("DELETE", std::string(path) + "/x.json", "").status == 204);
    }
}

TEST_CASE("refusals have the body that Ironic's have", "[api][addresses]")
{
    ApiWorld world;
    REQUIRE(world.send("POST", "/v1/nodes", idleNode("n1")).status == 201);
    const std::string bad = "400 routing: Bad Request", fault = "400 fault";
    SECTION("of an identifier that no record can have")
    {
        for (const char* path : {"/v1/nodes/a%20b", "/v1/nodes/a%20b/traits", "/v1/nodes/a%20b/validate",
                                 "/v1/portgroups/a%20b", "/v1/portgroups/a%20b/ports"})
            CHECK(kindOf(world.get(path)) == bad);
        for (const char* path : {"/v1/nodes/a%20b/states", "/v1/nodes/a%20b/management/boot_device",
                                 "/v1/allocations/a%20b", "/v1/chassis/a%20b", "/v1/conductors/a%20b"})
            CHECK(kindOf(world.get(path)) == fault);
        CHECK(kindOf(world.ask("DELETE", "/v1/nodes/a%20b", "")) == bad);
        CHECK(kindOf(world.get("/v1/nodes?limit=x")) == fault);
        CHECK(world.get("/v1/conductors/a%20b").fault() == "Expected name for hostname: a b");
        CHECK(world.get("/v1/nodes/n1/bios/a%20b").fault() == "Expected name for setting_name: a b");
    }
    SECTION("of a resource that is newer than the request")
    {
        for (const char* path : {"/v1/conductors", "/v1/volume", "/v1/portgroups", "/v1/lookup",
                                 "/v1/nodes/n1/volume", "/v1/conductors/x"}) {
            const Answer answer = world.get(path, "1.1");
            CHECK(kindOf(answer) == "404 fault");
            CHECK(answer.fault() == "Resource could not be found.");
            CHECK(answer.body.at("hint").get<std::string>().find("or later") != std::string::npos);
        }
        for (const char* path : {"/v1/portgroups/x", "/v1/nodes/n1/bios", "/v1/volume/targets", "/v1/shards"})
            CHECK(kindOf(world.get(path, "1.1")) == "404 routing: Not Found");
        CHECK(kindOf(world.send("PATCH", "/v1/allocations/x", json::array(), "1.56")) == "405 fault");
        CHECK(kindOf(world.send("PATCH", "/v1/allocations/x", json::array(), "1.51")) ==
              "405 routing: Method Not Allowed");
        CHECK(world.send("POST", "/v1/events", {{"events", json::array()}}, "1.1").status == 404);
        CHECK(world.send("POST", "/v1/events", json::object(), "1.1").status == 400);
        CHECK(world.send("PUT", "/v1/nodes/n1/management/inject_nmi", {{"x", 1}}, "1.1").status == 400);
    }
    SECTION("of an unknown version, at /v1 and elsewhere")
    {
        CHECK(kindOf(world.get("/v1", "1.999")) == "406 fault");
        CHECK(kindOf(world.get("/v1/nodes", "1.999")) == "406 routing: Not Acceptable");
    }
}

TEST_CASE("a trait that is added has an address", "[api][addresses]")
{
    ApiWorld world;
    const std::string uuid = world.send("POST", "/v1/nodes", idleNode("n1")).body.at("uuid");
    const Answer added = world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_A", "");
    CHECK(added.status == 204);
    CHECK(added.headers.at("location") == world.base() + "/v1/nodes/" + uuid + "/traits/CUSTOM_A");
    CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_B", "{}").status == 204);
    for (const char* body : {"[]", "5", R"("text")", R"({"a": 1})"})
        CHECK(world.ask("PUT", "/v1/nodes/n1/traits/CUSTOM_C", body).status == 400);
}
