// Values that bm passes to programs, URLs, boot scripts and DHCP answers are parsed where a client writes
// them.
#include "conductor/core/node_values.h"
#include "conductor/core/nodes.h"
#include "conductor/health/stored_values.h"
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

struct Hostile {
    const char* object; ///< "" for a field of the node itself
    const char* key;
    json value;
};

const std::vector<Hostile>& hostile()
{
    static const std::vector<Hostile> all{
        {"properties", "health_address", "-oProxyCommand=touch /tmp/x"},
        {"properties", "health_address", "127.0.0.1:8080/admin/delete?x="},
        {"properties", "health_address", "user@192.0.2.1"},
        {"properties", "health_address", "2130706433"},
        {"properties", "health_address", "a b"},
        {"properties", "health_address", ""},
        {"properties", "health_address", 5},
        {"properties", "health_address", json::array()},
        {"driver_info", "ipmi_address", "-h"},
        {"driver_info", "ipmi_address", "192.0.2.1 -f /etc/shadow"},
        {"driver_info", "ipmi_address", "bmc_1"},
        {"driver_info", "ipmi_port", "623 -f x"},
        {"driver_info", "ipmi_port", 70000},
        {"driver_info", "ipmi_priv_level", "-x"},
        {"driver_info", "ipmi_cipher_suite", "0"},
        {"driver_info", "ipmi_username", "a\nb"},
        {"driver_info", "provisioning_vlan", "42 init=/bin/sh"},
        {"driver_info", "provisioning_vlan", 4095},
        {"instance_info", "kernel_append_params", "quiet || shell"},
        {"instance_info", "kernel_append_params", "%default% ${netX/mac}"},
        {"", "name", "-oProxyCommand=id"},
        {"", "name", "--help"},
    };
    return all;
}

json nodeWith(const Hostile& one)
{
    json node = {{"driver", "ipmi"}, {"driver_info", {{"ipmi_address", "192.0.2.1"}}}};
    if (*one.object == '\0')
        node[one.key] = one.value;
    else
        node[one.object][one.key] = one.value;
    return node;
}

std::string fieldOf(const Hostile& one)
{
    return *one.object == '\0' ? one.key : std::string(one.object) + "/" + one.key;
}

/// Changes a stored node as an earlier version did: without today's rules.
void storeUnchecked(ApiWorld& world, const std::string& name, const std::function<void(model::Node&)>& change)
{
    world.world.core->database.write([&](db::Transaction& tx) {
        model::Node node = conductor::findNode(tx, name);
        change(node);
        db::NodeRepository{}.update(tx, node);
    });
}

} // namespace

TEST_CASE("a value that bm would pass on is refused by POST, PATCH and batch alike", "[api][security]")
{
    ApiWorld world;
    REQUIRE(world
                .send("POST", "/v1/nodes",
                      {{"name", "n1"}, {"driver", "ipmi"}, {"driver_info", {{"ipmi_address", "192.0.2.1"}}}})
                .status == 201);
    for (const Hostile& one : hostile()) {
        INFO(fieldOf(one) << " " << one.value);
        const Answer created = world.send("POST", "/v1/nodes", nodeWith(one));
        CHECK(created.status == 400);
        CHECK_THAT(created.fault(), Contains(fieldOf(one)));
        CHECK_FALSE(created.body.at("hint").get<std::string>().empty());

        const json patch = {{{"op", "add"}, {"path", "/" + fieldOf(one)}, {"value", one.value}}};
        const Answer patched = world.send("PATCH", "/v1/nodes/n1", patch);
        CHECK(patched.status == 400);
        CHECK(patched.fault() == created.fault());

        json entry = nodeWith(one);
        const json fresh = world.send("POST", "/v1/nodes/batch", {{"nodes", {entry}}}).body.at("nodes").at(0);
        CHECK(fresh.at("result") == "error");
        CHECK(fresh.at("error").at("code") == "invalid-input");
        if (*one.object == '\0')
            continue;
        entry["name"] = "n1";
        const json known = world.send("POST", "/v1/nodes/batch", {{"nodes", {entry}}}).body.at("nodes").at(0);
        CHECK(known.at("result") == "error");
        CHECK(known.at("error").at("message") == created.fault());
    }
    CHECK(world.get("/v1/nodes").body.at("nodes").size() == 1);
}

TEST_CASE("addresses, VLANs and kernel arguments of the right form are stored as typed", "[api][security]")
{
    ApiWorld world;
    const json node = {
        {"name", "n1"},
        {"driver", "ipmi"},
        {"driver_info",
         {{"ipmi_address", "[2001:DB8::1]"}, {"ipmi_port", 6230}, {"provisioning_vlan", "42"}}},
        {"properties", {{"health_address", "Web-1.Example"}}},
        {"instance_info", {{"kernel_append_params", "%default% quiet {iso}"}}}};
    const Answer created = world.send("POST", "/v1/nodes", node);
    REQUIRE(created.status == 201);
    CHECK(created.body.at("properties").at("health_address") == "Web-1.Example");
    CHECK(conductor::bmcAccess(world.world.core->context, world.world.node("n1")).host == "2001:db8::1");
    CHECK(conductor::provisioningVlanOf(world.world.node("n1")) == 42);
}

TEST_CASE("an integer in a text of driver_info is stored as its digits", "[api][security]")
{
    ApiWorld world;
    const auto entry = [](const json& user) {
        return json{{"name", "n1"},
                    {"driver", "ipmi"},
                    {"driver_info", {{"ipmi_address", "192.0.2.1"}, {"ipmi_username", user}}}};
    };
    for (const json& other : {json(83187700000000.0), json(1.5), json(true)}) {
        INFO(other);
        const Answer refused = world.send("POST", "/v1/nodes", entry(other));
        CHECK(refused.status == 400);
        CHECK_THAT(refused.fault(), Contains("driver_info/ipmi_username"));
        CHECK_THAT(refused.body.at("hint").get<std::string>(), Contains("quote it"));
    }
    const Answer created = world.send("POST", "/v1/nodes", entry(12345));
    REQUIRE(created.status == 201);
    CHECK(created.body.at("driver_info").at("ipmi_username") == "12345");
    const json patch = {{{"op", "add"}, {"path", "/driver_info/ipmi_username"}, {"value", 678}}};
    CHECK(world.send("PATCH", "/v1/nodes/n1", patch).body.at("driver_info").at("ipmi_username") == "678");
    const auto batch = [&](const json& user) {
        return world.send("POST", "/v1/nodes/batch", {{"nodes", {entry(user)}}}).body.at("nodes").at(0);
    };
    CHECK(batch(678).at("result") == "unchanged");
    CHECK(batch(679).at("result") == "updated");
    CHECK(batch(1.5).at("result") == "error");
    // A port is a number, in Ironic, too; a column of text refuses numbers, as in Ironic.
    const json port = {{{"op", "add"}, {"path", "/driver_info/ipmi_port"}, {"value", 6230}}};
    CHECK(world.send("PATCH", "/v1/nodes/n1", port).body.at("driver_info").at("ipmi_port") == 6230);
    const json text = {{{"op", "add"}, {"path", "/description"}, {"value", 5}}};
    const Answer column = world.send("PATCH", "/v1/nodes/n1", text);
    CHECK(column.status == 400);
    CHECK_THAT(column.body.at("hint").get<std::string>(), Contains("quotes"));
}

TEST_CASE("a stored number in a text of driver_info works and is listed", "[api][security]")
{
    ApiWorld world;
    REQUIRE(world
                .send("POST", "/v1/nodes",
                      {{"name", "n1"}, {"driver", "ipmi"}, {"driver_info", {{"ipmi_address", "192.0.2.1"}}}})
                .status == 201);
    storeUnchecked(world, "n1", [](model::Node& node) {
        node.driverInfo.text = R"({"ipmi_address":"192.0.2.1","ipmi_username":1.5})";
    });
    const auto values = world.world.core->database.read([&](db::Transaction& tx) {
        return conductor::refusedStoredValues(tx, world.world.core->context.hardware);
    });
    REQUIRE(values.size() == 1);
    CHECK(values.front().what == "driver_info/ipmi_username: \"1.5\" is not a text");
    CHECK(conductor::bmcAccess(world.world.core->context, world.world.node("n1")).user == "1.5");
    const json patch = {{{"op", "add"}, {"path", "/driver_info/ipmi_port"}, {"value", 6230}}};
    CHECK(world.send("PATCH", "/v1/nodes/n1", patch).status == 200);
}

TEST_CASE("stored values that new rules refuse keep working, and are listed", "[api][security]")
{
    ApiWorld world;
    for (const char* name : {"n1", "n2"})
        REQUIRE(
            world
                .send("POST", "/v1/nodes",
                      {{"name", name},
                       {"driver", "ipmi"},
                       {"driver_info",
                        {{"ipmi_address", "192.0.2.1"}, {"ipmi_password", "pw"}, {"ipmi_cipher_suite", 17}}}})
                .status == 201);
    const auto listed = [&] {
        std::string text;
        for (const conductor::StoredValue& value : world.world.core->database.read([&](db::Transaction& tx) {
                 return conductor::refusedStoredValues(tx, world.world.core->context.hardware);
             }))
            text += value.subject + ": " + value.what + "\n";
        return text;
    };
    CHECK(listed().empty());
    storeUnchecked(world, "n1", [](model::Node& node) {
        node.name = "-n1";
        json info = json::parse(node.driverInfo.text);
        info["ipmi_address"] = "bmc_1.lab";
        node.driverInfo.text = info.dump();
        node.properties.text = R"({"health_address":"10.0.0.1:80","rack":"a"})";
    });
    CHECK(listed() ==
          "node -n1: name: \"-n1\" is not a valid node name\n"
          "node -n1: properties/health_address: \"10.0.0.1:80\" is not a host name or IP address\n"
          "node -n1: driver_info/ipmi_address: 'bmc_1.lab' is not a host name or IP address\n");
    // Found, used and changed elsewhere.
    CHECK(world.get("/v1/nodes/-n1").status == 200);
    CHECK(conductor::bmcAccess(world.world.core->context, world.world.node("-n1")).host == "bmc_1.lab");
    CHECK(world
              .send("PATCH", "/v1/nodes/-n1",
                    json::parse(R"([{"op": "add", "path": "/properties/rack", "value": "b"},
                                     {"op": "add", "path": "/driver_info/ipmi_port", "value": 6230}])"))
              .status == 200);
    CHECK(
        world
            .send("POST", "/v1/nodes/batch",
                  {{"nodes",
                    {{{"name", "-n1"},
                      {"driver", "ipmi"},
                      {"driver_info",
                       {{"ipmi_address", "bmc_1.lab"}, {"ipmi_password", "new"}, {"ipmi_port", "6231"}}}}}}})
            .body.at("nodes")
            .at(0)
            .at("result") == "updated");
    // But not from one refused value to another.
    CHECK(world
              .send("PATCH", "/v1/nodes/-n1",
                    json::parse(R"([{"op": "replace", "path": "/name", "value": "-n3"}])"))
              .status == 400);
    CHECK(
        world
            .send("PATCH", "/v1/nodes/-n1",
                  json::parse(
                      R"([{"op": "replace", "path": "/properties/health_address", "value": "10.0.0.1:81"}])"))
            .status == 400);
    CHECK(
        world
            .send("PATCH", "/v1/nodes/-n1", json::parse(R"([{"op": "replace", "path": "/name", "value": "n1"},
                                     {"op": "replace", "path": "/properties/health_address", "value": "10.0.0.1"},
                                     {"op": "replace", "path": "/driver_info/ipmi_address", "value": "bmc-1.lab"}])"))
            .status == 200);
    CHECK(listed().empty());
}

TEST_CASE("a stored address that is an option does not reach ipmitool", "[api][security]")
{
    ApiWorld world;
    REQUIRE(world
                .send("POST", "/v1/nodes",
                      {{"name", "n1"}, {"driver", "ipmi"}, {"driver_info", {{"ipmi_address", "192.0.2.1"}}}})
                .status == 201);
    storeUnchecked(world, "n1",
                   [](model::Node& node) { node.driverInfo.text = R"({"ipmi_address":"-f/etc/shadow"})"; });
    CHECK_THROWS_WITH(conductor::bmcAccess(world.world.core->context, world.world.node("n1")),
                      Contains("ipmi_address"));
}

TEST_CASE("names that begin with a hyphen are refused", "[api][security]")
{
    ApiWorld world;
    world.world.image("web");
    const json step = {
        {"interface", "management"}, {"step", "reset_bmc"}, {"args", json::object()}, {"order", 1}};
    const std::string node =
        world.send("POST", "/v1/nodes", {{"name", "n1"}, {"driver", "fake-hardware"}}).body.at("uuid");
    const auto refused = [&](const std::string& path, const json& body,
                             const std::string& version = "1.115") {
        const Answer answer = world.send("POST", path, body, version);
        INFO(path << " " << answer.text);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.text, Contains("-evil"));
    };
    refused("/v1/rollouts", {{"image", "web"}, {"nodes", {"n1"}}, {"name", "-evil"}});
    refused("/v1/schedules",
            {{"name", "-evil"}, {"cron", "@daily"}, {"rollout", {{"image", "web"}, {"nodes", {"n1"}}}}});
    refused("/v1/webhooks", {{"name", "-evil"}, {"url", "http://192.0.2.1/"}});
    refused("/v1/portgroups", {{"name", "-evil"}, {"node_uuid", node}});
    refused("/v1/allocations", {{"name", "-evil"}, {"resource_class", "x"}});
    refused("/v1/runbooks", {{"name", "-evil"}, {"steps", {step}}});
}

TEST_CASE("the URLs of gates hold no user information", "[api][security]")
{
    ApiWorld world;
    world.world.image("web");
    world.send("POST", "/v1/nodes", {{"name", "n1"}, {"driver", "fake-hardware"}});
    const auto gate = [&](const char* kind, const char* member, const std::string& url) {
        return world.send("POST", "/v1/rollouts",
                          {{"image", "web"}, {"nodes", {"n1"}}, {"plan", true}, {kind, {{member, url}}}});
    };
    for (const auto& [kind, member] : {std::pair("drain", "url"), std::pair("health", "http")}) {
        const Answer answer = gate(kind, member, "http://user:secret@192.0.2.1/");
        CHECK(answer.status == 400);
        CHECK_THAT(answer.fault(), Contains("user information") && !Contains("secret"));
        CHECK_FALSE(answer.body.at("hint").get<std::string>().empty());
        CHECK(gate(kind, member, "http://192.0.2.1:x/").status == 400);
    }
    const Answer schedule = world.send(
        "POST", "/v1/schedules",
        {{"name", "s"},
         {"cron", "@daily"},
         {"rollout",
          {{"image", "web"}, {"nodes", {"n1"}}, {"health", {{"http", "http://user:secret@{address}/"}}}}}});
    CHECK(schedule.status == 400);
    CHECK_THAT(schedule.fault(), Contains("user information"));
}
