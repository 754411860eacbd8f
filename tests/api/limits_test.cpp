// Large values in every request that stores some.
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const json kLargeObject{{"a", std::string(70'000, 'x')}};

json additionOf(const std::string& path, const json& value)
{
    return json::array({{{"op", "add"}, {"path", path}, {"value", value}}});
}

} // namespace

TEST_CASE("a text longer than Ironic's column gets 400", "[api][limits]")
{
    ApiWorld world;
    world.world.enrol("n1");
    const std::string node = world.world.node("n1").id.uuid;
    const json port = {{"node_uuid", node}, {"address", "52:54:00:aa:00:01"}};
    const json volume = {
        {"node_uuid", node}, {"boot_index", 1}, {"volume_id", "v"}, {"volume_type", "iscsi"}};
    struct Column {
        const char* path;
        json body;
        const char* name;
        std::size_t most;
    };
    const std::vector<Column> columns{
        {"/v1/nodes", {{"driver", "fake-hardware"}}, "resource_class", 80},
        {"/v1/nodes", {{"driver", "fake-hardware"}}, "description", 4096},
        {"/v1/nodes", {{"driver", "fake-hardware"}}, "owner", 255},
        {"/v1/ports", port, "physical_network", 64},
        {"/v1/portgroups", {{"node_uuid", node}}, "mode", 255},
        {"/v1/chassis", json::object(), "description", 255},
        {"/v1/volume/targets", volume, "volume_type", 64},
        {"/v1/volume/connectors",
         {{"node_uuid", node}, {"type", "ip"}, {"connector_id", "c"}},
         "connector_id",
         255},
        {"/v1/allocations", {{"resource_class", "x"}}, "resource_class", 80},
        {"/v1/allocations", {{"resource_class", "x"}}, "owner", 255},
    };
    for (const Column& column : columns) {
        INFO(column.path << " " << column.name);
        json body = column.body;
        body[column.name] = std::string(column.most + 1, 'x');
        const Answer longer = world.send("POST", column.path, body);
        CHECK(longer.status == 400);
        CHECK_THAT(longer.fault(), Contains(column.name) && Contains("is too long"));
        std::string accented; // characters count, not bytes
        for (std::size_t i = 0; i < column.most; ++i)
            accented += "é";
        body[column.name] = accented;
        CHECK(world.send("POST", column.path, body).status == 201);
    }
    const Answer patched =
        world.send("PATCH", "/v1/nodes/n1", additionOf("/resource_class", std::string(81, 'x')));
    CHECK(patched.status == 400);
    CHECK_THAT(patched.fault(), Contains("resource_class") && Contains("is too long"));
}

TEST_CASE("a request with too large a value gets 413", "[api][limits]")
{
    ApiWorld world;
    world.world.enrol("n1");
    const json mac = "52:54:00:aa:00:01";

    SECTION("for a node, by POST, PATCH and batch")
    {
        const json node = {{"driver", "fake-hardware"}, {"name", "n2"}, {"extra", kLargeObject}};
        const Answer made = world.send("POST", "/v1/nodes", node);
        CHECK(made.status == 413);
        CHECK(made.fault() == "extra: 70008 bytes, but the limit is 65536");
        CHECK(made.body.at("code") == "too-large");
        CHECK(world.send("PATCH", "/v1/nodes/n1", additionOf("/properties/a", kLargeObject)).status == 413);
        const Answer batch = world.send("POST", "/v1/nodes/batch", {{"nodes", json::array({node})}});
        CHECK(batch.body.at("nodes").at(0).at("error").at("code") == "too-large");
        CHECK(world.get("/v1/nodes/n2").status == 404);
    }
    SECTION("for ports, chassis and deploy templates")
    {
        const std::string uuid = world.world.node("n1").id.uuid;
        CHECK(
            world.send("POST", "/v1/ports", {{"node_uuid", uuid}, {"address", mac}, {"extra", kLargeObject}})
                .status == 413);
        CHECK(world.send("POST", "/v1/chassis", {{"extra", kLargeObject}}).status == 413);
        const json step = {{"interface", "bios"},
                           {"step", "apply_configuration"},
                           {"args", {{"settings", json::array()}}},
                           {"priority", 10}};
        const json made = {{"name", "CUSTOM_A"}, {"extra", kLargeObject}, {"steps", json::array({step})}};
        CHECK(world.send("POST", "/v1/deploy_templates", made).status == 413);
    }
    SECTION("for VIFs, each and in number")
    {
        json vif = {{"id", "vif-0"}, {"more", std::string(5'000, 'x')}};
        CHECK(world.send("POST", "/v1/nodes/n1/vifs", vif).status == 413);
        for (int i = 0; i < 64; ++i)
            CHECK(world.send("POST", "/v1/nodes/n1/vifs", {{"id", "vif-" + std::to_string(i)}}).status ==
                  204);
        const Answer full = world.send("POST", "/v1/nodes/n1/vifs", {{"id", "vif-64"}});
        CHECK(full.status == 413);
        CHECK_THAT(full.fault(), Contains("64 VIFs"));
        CHECK(world.ask("DELETE", "/v1/nodes/n1/vifs/vif-0", "").status == 204);
        CHECK(world.send("POST", "/v1/nodes/n1/vifs", {{"id", "vif-64"}}).status == 204);
        CHECK(world.get("/v1/nodes/detail").text.size() < 20'000);
    }
}
