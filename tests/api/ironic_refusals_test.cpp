// Requests that Ironic refuses: bm answers with the same status and the phrase for which clients look.
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const std::string kUnknown = "11111111-2222-3333-4444-555555555555";
constexpr const char* kMac = "52:54:00:00:00:01";

struct Refused {
    std::string method;
    std::string path;
    json body; ///< null: none
    std::string phrase;
    int status = 400;
};

json changeOf(const char* op, const std::string& path, json value)
{
    return json::array({{{"op", op}, {"path", path}, {"value", std::move(value)}}});
}

void checkAll(ApiWorld& world, const std::vector<Refused>& requests)
{
    for (const Refused& one : requests) {
        INFO(one.method << " " << one.path << " " << one.body);
        const Answer answer = world.ask(one.method, one.path, one.body.is_null() ? "" : one.body.dump());
        CHECK(answer.status == one.status);
        CHECK_THAT(answer.fault(), Contains(one.phrase));
    }
}

std::string madeIn(ApiWorld& world, const std::string& path, const json& body)
{
    const Answer made = world.send("POST", path, body);
    INFO(path << " " << made.text);
    REQUIRE(made.status == 201);
    return made.body.at("uuid");
}

std::string enrolledIn(ApiWorld& world, const std::string& name)
{
    return madeIn(world, "/v1/nodes", {{"name", name}, {"driver", "fake-hardware"}});
}

void setPower(ApiWorld& world, const std::string& node, model::PowerState power)
{
    world.world.core->nodes.update(
        node, [&](model::Node& stored) { stored.power = power; }, "test");
}

} // namespace

TEST_CASE("bodies of the wrong form get the phrases of Ironic's schema checker", "[api][refusals]")
{
    ApiWorld world;
    const std::string node = enrolledIn(world, "n1");
    const json step = {{"interface", "bios"}, {"step", "a"}, {"args", json::object()}, {"priority", 1}};
    const auto steps = [&](const char* member, const json& value) {
        json changed = step;
        changed[member] = value;
        return json{{"name", "CUSTOM_T"}, {"steps", json::array({changed})}};
    };
    const auto link = [&](const json& value, const char* phrase) {
        return Refused{"POST",
                       "/v1/ports",
                       {{"node_uuid", node}, {"address", kMac}, {"local_link_connection", value}},
                       phrase};
    };
    json unknownMember = step;
    unknownMember["colour"] = 1;
    checkAll(
        world,
        {{"POST", "/v1/nodes", json::array(), "is not of type 'object'"},
         {"POST", "/v1/nodes", nullptr, "'driver' is a required property"},
         {"POST", "/v1/nodes", {{"driver", nullptr}}, "null is not of type 'string'"},
         {"POST", "/v1/nodes", {{"driver", "ipmi"}, {"extra", 5}}, "is not of type 'object', 'null'"},
         {"POST", "/v1/nodes", {{"driver", "ipmi"}, {"x", 5}}, "Additional properties are not allowed ('x'"},
         {"POST", "/v1/nodes", {{"driver", "ipmi"}, {"name", 5}}, "is not of type 'string', 'null'"},
         {"POST", "/v1/ports", {{"address", kMac}}, "'node_uuid' is a required property"},
         {"POST", "/v1/ports", {{"node_uuid", node}, {"address", 5}}, "is not of type 'string'"},
         link({{"switch_id", "0a:1b:2c:3d:4e:5f"}}, "'port_id' is a required property"),
         link({{"port_id", "p"}}, "'switch_id' is a required property"),
         link({{"port_id", 5}, {"switch_id", "x"}}, "is not of type 'string'"),
         link({{"port_id", "p"}, {"switch_id", "x"}, {"a", "b"}}, "Additional properties are not allowed"),
         link({{"network_type", "wild"}}, "is not one of ['managed', 'unmanaged']"),
         {"POST", "/v1/portgroups", {{"node_uuid", nullptr}}, "is not of type 'string'"},
         {"POST", "/v1/chassis", {{"description", json::object()}}, "is not of type 'string', 'null'"},
         {"POST", "/v1/allocations", {{"candidate_nodes", "n1"}}, "is not of type 'array'"},
         {"POST", "/v1/allocations", {{"candidate_nodes", {5}}}, "is not of type 'string'"},
         {"POST",
          "/v1/volume/targets",
          {{"node_uuid", node}, {"boot_index", 1.5}, {"volume_id", "v"}, {"volume_type", "t"}},
          "is not of type 'integer'"},
         {"POST",
          "/v1/volume/connectors",
          {{"node_uuid", node}, {"type", "iqn"}, {"connector_id", nullptr}},
          "null is not of type 'string'"},
         {"POST",
          "/v1/deploy_templates",
          {{"name", "CUSTOM_T"}, {"steps", json::array()}},
          "[] is too short"},
         {"POST",
          "/v1/deploy_templates",
          {{"name", "not/a/name"}, {"steps", json::array({step})}},
          "does not match"},
         {"POST", "/v1/deploy_templates", {{"name", ""}, {"steps", json::array({step})}}, "is too short"},
         {"POST",
          "/v1/deploy_templates",
          {{"name", std::string(256, 'A')}, {"steps", json::array({step})}},
          "is too long"},
         {"POST", "/v1/deploy_templates", steps("interface", "rope"), "is not one of"},
         {"POST", "/v1/deploy_templates", steps("step", ""), "is too short"},
         {"POST", "/v1/deploy_templates", steps("args", 5), "is not of type 'object'"},
         {"POST",
          "/v1/deploy_templates",
          {{"name", "CUSTOM_T"}, {"steps", {unknownMember}}},
          "Additional properties are not allowed"},
         {"PATCH", "/v1/nodes/n1", {{"op", "add"}}, "is not of type 'array'"},
         {"PATCH", "/v1/nodes/n1", json::array({5}), "is not of type 'object'"},
         {"PATCH", "/v1/nodes/n1", json::array({{{"path", "/name"}}}), "'op' is a required property"},
         {"PATCH", "/v1/nodes/n1", changeOf("move", "/name", 1), "is not one of ['add'"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "name", 1), "does not match"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/protected", "maybe"), "Invalid protected"},
         {"PATCH", "/v1/nodes/n1", json::array({{{"op", "add"}, {"path", "/extra/a"}}}),
          "Couldn't apply patch '{'op': 'add', 'path': '/extra/a'}'. Reason: The operation does not contain "
          "a "
          "'value' member"},
         {"PATCH", "/v1/nodes/n1", json::array({{{"op", "remove"}, {"path", "/driver"}}}),
          "'driver' is a required property"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/name", ""), "'' is too short"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/chassis_uuid", ""), "Expected UUID for chassis_uuid"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/power_interface", ""), "Could not find the following"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/network_data", 5),
          "is not valid under any of the given"},
         {"PUT", "/v1/nodes/n1/traits", {{"traits", {"lower"}}}, "does not match"},
         {"PUT",
          "/v1/nodes/n1/traits",
          {{"traits", {"lower"}}},
          "is not valid under any of the given schemas"},
         {"PUT", "/v1/nodes/n1/traits", {{"traits", nullptr}}, "is not of type 'array'"},
         {"POST", "/v1/events", json::array(), "is not of type 'object'"},
         {"PUT", "/v1/nodes/n1/states/raid", {{"logical_disks", json::array()}}, "[] is too short"},
         {"PUT", "/v1/nodes/n1/states/raid", {{"a", 1}}, "'logical_disks' is a required property"},
         {"PUT",
          "/v1/nodes/n1/states/raid",
          {{"logical_disks", {{{"size_gb", 1}}}}},
          "'raid_level' is a required property"},
         {"PUT",
          "/v1/nodes/n1/states/boot_mode",
          {{"target", "uefi"}, {"a", 1}},
          "Additional properties are not allowed"},
         {"PUT",
          "/v1/nodes/n1/states/console",
          {{"enabled", false}, {"a", 1}},
          "Additional properties are not allowed"},
         {"POST",
          "/v1/ports",
          {{"node_uuid", node}, {"address", kMac}, {"portgroup_uuid", ""}},
          "Expected UUID or name for portgroup_uuid"},
         {"PUT", "/v1/nodes/n1/traits", json::array(), "is not of type 'object'"},
         {"POST", "/v1/nodes/n1/vifs", json::object(), "'id' is a required property"}});
}

TEST_CASE("an absent parameter is named", "[api][refusals]")
{
    ApiWorld world;
    enrolledIn(world, "n1");
    for (const json& body : {json(nullptr), json::object(), json::array(), json("x")})
        checkAll(
            world,
            {{"PUT", "/v1/nodes/n1/states/power", body, "Missing mandatory parameter: target"},
             {"PUT", "/v1/nodes/n1/states/provision", body, "Missing mandatory parameter: target"},
             {"PUT", "/v1/nodes/n1/states/boot_mode", body, "Missing mandatory parameter: target"},
             {"PUT", "/v1/nodes/n1/states/secure_boot", body, "Missing mandatory parameter: target"},
             {"PUT", "/v1/nodes/n1/states/console", body, "Missing mandatory parameter: enabled"},
             {"PUT", "/v1/nodes/n1/management/boot_device", body, "Missing mandatory parameter: boot_device"},
             {"PUT", "/v1/nodes/n1/management/indicators/system/led", body,
              "Missing mandatory parameter: state"}});
}

TEST_CASE("identifiers that no record can have get 400, unknown ones 404", "[api][refusals]")
{
    ApiWorld world;
    const std::string node = enrolledIn(world, "n1");
    const std::string port = madeIn(world, "/v1/ports", {{"node_uuid", node}, {"address", kMac}});
    for (const char* ident : {kMac, "malformed:uuid", "n1", "a%20b"})
        for (const char* path :
             {"/v1/ports/", "/v1/chassis/", "/v1/volume/connectors/", "/v1/volume/targets/"}) {
            const std::string one = std::string(path) + ident;
            checkAll(world, {{"GET", one, nullptr, "Expected UUID for"},
                             {"PATCH", one, changeOf("add", "/extra/a", 1), "Expected UUID for"},
                             {"DELETE", one, nullptr, "Expected UUID for"}});
        }
    for (const char* ident : {kMac, "a%20b", "b%C3%BCro"})
        for (const char* path :
             {"/v1/nodes/", "/v1/portgroups/", "/v1/allocations/", "/v1/deploy_templates/"}) {
            const std::string one = std::string(path) + ident;
            checkAll(world, {{"GET", one, nullptr, "Expected UUID or name for"},
                             {"PATCH", one, changeOf("add", "/extra/a", 1), "Expected UUID or name for"},
                             {"DELETE", one, nullptr, "Expected UUID or name for"}});
        }
    checkAll(world,
             {{"GET", "/v1/nodes/a%20b/states", nullptr, "Expected UUID or name for node_ident: a b"},
              {"GET", "/v1/ports/" + kUnknown, nullptr, "could not be found", 404},
              {"GET", "/v1/nodes/~nobody", nullptr, "could not be found", 404},
              {"PATCH", "/v1/nodes/nobody", json::object(), "is not of type 'array'"},
              {"PATCH", "/v1/nodes/nobody", changeOf("add", "/colour", 1), "Cannot patch /colour"},
              {"PATCH", "/v1/ports/" + kUnknown, changeOf("add", "/colour", 1), "Cannot patch /colour"}});
    CHECK(world.get("/v1/ports/" + port).status == 200);
}

TEST_CASE("a record of an unknown node, of an unknown chassis or with an impossible name gets 400",
          "[api][refusals]")
{
    ApiWorld world;
    const std::string node = enrolledIn(world, "n1");
    std::vector<Refused> requests;
    for (const std::string& unknown :
         {kUnknown, std::string("nobody"), std::string("malformed:uuid"), std::string()}) {
        const bool possible = unknown == kUnknown || unknown == "nobody";
        const std::string phrase = possible ? "Node " + unknown + " could not be found."
                                            : "Expected UUID or name for node_uuid: " + unknown;
        requests.push_back({"POST", "/v1/ports", {{"node_uuid", unknown}, {"address", kMac}}, phrase});
        requests.push_back({"POST", "/v1/portgroups", {{"node_uuid", unknown}}, phrase});
        requests.push_back({"POST",
                            "/v1/volume/connectors",
                            {{"node_uuid", unknown}, {"type", "iqn"}, {"connector_id", "x"}},
                            phrase});
        requests.push_back(
            {"POST",
             "/v1/volume/targets",
             {{"node_uuid", unknown}, {"boot_index", 1}, {"volume_id", "v"}, {"volume_type", "t"}},
             phrase});
    }
    checkAll(world, requests);
    json connector = {{"node_uuid", node}, {"type", "iqn"}, {"connector_id", "iqn.x"}};
    connector["uuid"] = madeIn(world, "/v1/volume/connectors", connector);
    checkAll(
        world,
        {{"POST", "/v1/volume/connectors", connector, "A volume connector with UUID", 409},
         {"POST",
          "/v1/volume/connectors",
          {{"node_uuid", node}, {"type", "iqn"}, {"connector_id", "iqn.x"}},
          "A volume connector with type iqn and connector ID iqn.x already exists.",
          409},
         {"POST",
          "/v1/allocations",
          {{"resource_class", "x"}, {"candidate_nodes", {"n1", "banana?", "nobody"}}},
          "Nodes cannot be found: banana?, nobody"},
         {"POST",
          "/v1/allocations",
          {{"resource_class", "x"}, {"name", "not/a/name"}},
          "Cannot create allocation with invalid name 'not/a/name'"},
         {"POST",
          "/v1/portgroups",
          {{"node_uuid", node}, {"name", "not a name"}},
          "Cannot create portgroup with invalid name"},
         {"POST",
          "/v1/nodes",
          {{"driver", "rope"}},
          "No valid host was found. Reason: No conductor service registered which supports driver rope."},
         {"PATCH", "/v1/nodes/n1", changeOf("replace", "/driver", "rope"),
          "No conductor service registered which supports driver rope."},
         {"POST",
          "/v1/nodes",
          {{"driver", "fake-hardware"}, {"chassis_uuid", kUnknown}},
          "Chassis " + kUnknown + " could not be found."},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/chassis_uuid", kUnknown), "could not be found"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/chassis_uuid", "rack"),
          "Expected UUID for chassis_uuid"},
         {"PATCH", "/v1/nodes/n1", changeOf("add", "/instance_uuid", "i-1"),
          "Expected UUID for instance_uuid"},
         {"GET", "/v1/nodes?fault=somefake", nullptr, "Unrecognized fault \"somefake\""},
         {"GET", "/v1/nodes/detail?fault=somefake", nullptr, "Unrecognized fault"}});
    CHECK(world.get("/v1/nodes?fault=power%20failure").body.at("nodes").empty());
    CHECK(world.get("/v1/nodes?fault=quarantined").status == 200);
    CHECK(world.send("POST", "/v1/allocations", {{"resource_class", "x"}, {"name", "a-B.9_~"}}).status ==
          201);
    for (const json& none : {json(nullptr), json("")})
        CHECK(world.send("POST", "/v1/allocations", {{"resource_class", "x"}, {"node", none}}).status == 201);
    const Answer kept = world.send("POST", "/v1/nodes", {{"driver", "fake-hardware"}, {"maintenance", true}});
    CHECK(kept.status == 201);
    CHECK(kept.body.at("maintenance") == true);
}

TEST_CASE("a node is retired and protected only in Ironic's states", "[api][refusals]")
{
    ApiWorld world;
    world.world.nodeIn(model::State::Available, "free");
    world.world.nodeIn(model::State::Active, "busy");
    checkAll(
        world,
        {{"PATCH", "/v1/nodes/free", changeOf("add", "/retired", true), "can not have 'retired' set", 409},
         {"PATCH", "/v1/nodes/free", changeOf("add", "/protected", true),
          "can only be made protected in provision states 'active' or 'rescue'", 409},
         {"PATCH", "/v1/nodes/busy", changeOf("add", "/protected_reason", "x"),
          "The protected_reason field can only be set when protected is True"},
         {"PATCH", "/v1/nodes/busy", changeOf("add", "/retired_reason", "x"),
          "The retired_reason field can only be set when retired is True"},
         {"POST", "/v1/nodes", {{"driver", "fake-hardware"}, {"protected", true}}, "made protected", 409}});
    for (const std::string flag : {"protected", "retired"}) {
        const std::string reason = flag + "_reason";
        const json set = json::array({{{"op", "add"}, {"path", "/" + flag}, {"value", true}},
                                      {{"op", "add"}, {"path", "/" + reason}, {"value", "why"}}});
        CHECK(world.send("PATCH", "/v1/nodes/busy", set).body.at(reason) == "why");
        const json unset = changeOf("replace", "/" + flag, "False");
        CHECK(world.send("PATCH", "/v1/nodes/busy", unset).body.at(reason).is_null());
    }
    const json batch = {{"nodes", {{{"name", "free"}, {"driver", "fake-hardware"}, {"retired", true}}}}};
    CHECK(world.send("POST", "/v1/nodes/batch", batch).body.at("nodes").at(0).at("error").at("code") ==
          "conflict");
}

TEST_CASE("a node in use keeps its interfaces, its class and its instance", "[api][refusals]")
{
    ApiWorld world;
    world.world.nodeIn(model::State::Available, "n1");
    const auto set = [&](const std::string& path, const json& value) {
        return world.send("PATCH", "/v1/nodes/n1", changeOf("add", path, value)).status;
    };
    CHECK(set("/resource_class", "large") == 200);
    CHECK(set("/deploy_interface", "fake") == 200);
    world.world.deploy("n1");
    world.world.runUntilIdle();
    REQUIRE(world.world.stateOf("n1") == model::State::Active);
    checkAll(world, {{"PATCH", "/v1/nodes/n1", changeOf("add", "/resource_class", "small"),
                      "resource_class updated", 409},
                     {"PATCH", "/v1/nodes/n1", changeOf("add", "/deploy_interface", "direct"),
                      "deploy_interface updated", 409}});
    CHECK(set("/resource_class", "large") == 200);
    CHECK(set("/extra/a", 1) == 200);
    CHECK(set("/instance_uuid", kUnknown) == 200);
    CHECK(set("/instance_uuid", kUnknown) == 200);
    CHECK(set("/instance_uuid", "21111111-2222-3333-4444-555555555555") == 409);
}

TEST_CASE("a new hardware type needs interfaces that it has, or reset_interfaces", "[api][refusals]")
{
    ApiWorld world;
    enrolledIn(world, "n1");
    const json driver = changeOf("replace", "/driver", "ipmi");
    checkAll(world,
             {{"PATCH", "/v1/nodes/n1", driver, "is not supported by hardware type ipmi"},
              {"PATCH", "/v1/nodes/n1?reset_interfaces=False", driver, "is not supported by hardware type"},
              {"PATCH", "/v1/nodes/n1?reset_interfaces=maybe", driver, "Invalid reset_interfaces"},
              {"PATCH", "/v1/nodes/n1?reset_interfaces=True", changeOf("add", "/extra/a", 1),
               "The reset_interfaces parameter can only be used when changing the node's driver."}});
    CHECK(world.send("PATCH", "/v1/nodes/n1?reset_interfaces=True", driver, "1.44").status == 406);
    const Answer changed = world.send("PATCH", "/v1/nodes/n1?reset_interfaces=True", driver);
    CHECK(changed.status == 200);
    CHECK(changed.body.at("power_interface") == "ipmitool");
    CHECK(changed.body.at("driver") == "ipmi");
}

TEST_CASE("volumes change only while the machine is off", "[api][refusals]")
{
    ApiWorld world;
    const std::string node = enrolledIn(world, "n1");
    const std::string target =
        "/v1/volume/targets/" +
        madeIn(world, "/v1/volume/targets",
               {{"node_uuid", node}, {"boot_index", 1}, {"volume_id", "v"}, {"volume_type", "t"}});
    const std::string connector =
        "/v1/volume/connectors/" +
        madeIn(world, "/v1/volume/connectors", {{"node_uuid", node}, {"type", "iqn"}, {"connector_id", "x"}});
    for (const model::PowerState power : {model::PowerState::On, model::PowerState::Unknown}) {
        setPower(world, node, power);
        checkAll(world,
                 {{"DELETE", target, nullptr, "The requested action \"volume target deletion\" can not be"},
                  {"DELETE", connector, nullptr, "The requested action \"volume connector deletion\""},
                  {"PATCH", target, changeOf("add", "/volume_id", "w"), "\"volume target update\""},
                  {"PATCH", connector, changeOf("add", "/extra/a", 1), "\"volume connector update\""}});
    }
    setPower(world, node, model::PowerState::Off);
    CHECK(world.ask("DELETE", target, "").status == 204);
    CHECK(world.ask("DELETE", connector, "").status == 204);
}

TEST_CASE("the ports of a portgroup have one physical network", "[api][refusals]")
{
    ApiWorld world;
    const std::string node = enrolledIn(world, "n1");
    const std::string group = madeIn(world, "/v1/portgroups", {{"node_uuid", node}, {"name", "pg"}});
    json first = {
        {"node_uuid", node}, {"address", kMac}, {"portgroup_uuid", group}, {"physical_network", "a"}};
    const std::string one = "/v1/ports/" + madeIn(world, "/v1/ports", first);
    json second = {{"node_uuid", node}, {"address", "52:54:00:00:00:02"}, {"portgroup_uuid", group}};
    const char* const phrase = "cannot become a member of port group";
    checkAll(world, {{"POST", "/v1/ports", second, phrase, 409}});
    second["physical_network"] = "b";
    checkAll(world, {{"POST", "/v1/ports", second, "physical network b cannot become a member", 409}});
    second.erase("portgroup_uuid");
    const std::string two = "/v1/ports/" + madeIn(world, "/v1/ports", second);
    checkAll(world,
             {{"PATCH", two, changeOf("add", "/portgroup_uuid", group), phrase, 409},
              {"PATCH", two, changeOf("add", "/physical_network", ""), "A non-empty value is required"}});
    CHECK(world.send("PATCH", two, changeOf("replace", "/physical_network", "a")).status == 200);
    CHECK(world.send("PATCH", two, changeOf("add", "/portgroup_uuid", group)).status == 200);
    checkAll(world, {{"PATCH", one, changeOf("replace", "/physical_network", "b"), phrase, 409}});
    CHECK(world.send("PATCH", one, changeOf("add", "/extra/a", 1)).status == 200);
}
