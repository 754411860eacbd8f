#include "common/model/error.h"
#include "common/wire/resources/node_fields.h"
#include "tests/wire/sample_interfaces.h"
#include "tests/wire/samples.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

model::Node sampleNode()
{
    model::Node node = wire::nodeFromCreate(json::parse(R"({
        "uuid": "0516e8fa-ea38-4a5c-8950-5ebe9679096b", "name": "sample-1", "driver": "fake-hardware",
        "driver_info": {"ipmi_address": "192.0.2.1", "ipmi_password": "hunter2"}, "extra": {"k": "v"},
        "properties": {"cpus": 8, "cpu_arch": "x86_64", "memory_mb": 4096, "local_gb": 10, "capabilities": "boot_mode:uefi"},
        "description": "a node", "resource_class": "baremetal", "chassis_uuid": "b2c9544c-1557-46ff-9f9e-d6950231cc02"})"),
                                            wire::kMaxVersion, test::sampleInterfaces());
    node.createdAt = model::fromMillis(1'795'210'257'999);
    return node;
}

ordered_json shown(const model::Node& node, const wire::NodeFieldList& fields,
                   wire::Version version = wire::kMaxVersion)
{
    wire::JsonWriter out;
    wire::writeNode(out,
                    {.node = node,
                     .interfaces = test::sampleInterfaces(),
                     .base = "http://bm.example:6385",
                     .conductor = "localhost",
                     .reserved = false,
                     .version = version},
                    fields);
    return ordered_json::parse(out.text());
}

void patch(model::Node& node, const std::string& text, wire::Version version = wire::kMaxVersion)
{
    wire::patchNode(node, json::parse(text), version, test::sampleInterfaces());
}

} // namespace

TEST_CASE("a node is shown as Ironic 21.4 shows it", "[wire][node]")
{
    const model::Node node = sampleNode();
    SECTION("in detail: same keys in the same order, and the same values")
    {
        const ordered_json recorded = test::sample("node.json");
        const ordered_json ours = shown(node, wire::nodeDetail({82}));
        CHECK(test::keysOf(ours) == test::keysOf(recorded));
        for (const auto& [key, value] : recorded.items()) {
            INFO(key);
            CHECK(json(ours.at(key)) ==
                  (key == "created_at" ? json("2026-11-20T21:30:57.999000+00:00") : json(value)));
        }
    }
    SECTION("at 1.1")
    {
        CHECK(test::keysOf(shown(node, wire::nodeDetail({1}), {1})) ==
              test::keysOf(test::sample("node_v1.1.json")));
    }
    SECTION("in a list")
    {
        CHECK(test::keysOf(shown(node, wire::nodeSummary(wire::kMaxVersion))) ==
              test::keysOf(test::sample("nodes.json").at("nodes").at(0)));
    }
    SECTION("by fields, in the request's order, links at the end")
    {
        const auto fields = wire::nodeSelection(
            "provision_state,target_provision_state,reservation,deploy_step", wire::kMaxVersion);
        CHECK(test::keysOf(shown(node, fields)) ==
              test::keysOf(test::sample("node_reserved_deploying.json")));
    }
    SECTION("with the state without a name below 1.2")
    {
        model::Node available = node;
        available.state = model::State::Available;
        CHECK(shown(available, wire::nodeDetail({1}), {1}).at("provision_state").is_null());
        CHECK(shown(available, wire::nodeDetail({2}), {2}).at("provision_state") == "available");
    }
}

TEST_CASE("fields and versions", "[wire][node]")
{
    SECTION("every field is hidden below its version and shown from it on")
    {
        for (const wire::NodeField& field : wire::nodeFields()) {
            INFO(field.name);
            const auto has = [&](int minor) {
                const wire::NodeFieldList list = wire::nodeDetail({minor});
                return std::find(list.begin(), list.end(), &field) != list.end();
            };
            CHECK(has(field.since));
            if (field.since > 1)
                CHECK_FALSE(has(field.since - 1));
        }
    }
    SECTION("a field newer than the request is not acceptable, an unknown one is named")
    {
        CHECK_THROWS_WITH(wire::nodeSelection("uuid,shard", {81}), "Request not acceptable.");
        CHECK_NOTHROW(wire::nodeSelection("uuid,shard", {82}));
        CHECK_THROWS_WITH(wire::nodeSelection("uuid,colour", {82}), Contains("colour"));
    }
    SECTION("creating with a field newer than the request is refused")
    {
        CHECK_THROWS_WITH(
            wire::nodeFromCreate(json{{"driver", "ipmi"}, {"owner", "me"}}, {49}, test::sampleInterfaces()),
            "Request not acceptable.");
        CHECK(wire::nodeFromCreate(json{{"driver", "ipmi"}, {"owner", "me"}}, {50}, test::sampleInterfaces())
                  .owner == "me");
    }
    SECTION("a new node is available below 1.11, else in enroll")
    {
        CHECK(wire::nodeFromCreate(json{{"driver", "ipmi"}}, {10}, test::sampleInterfaces()).state ==
              model::State::Available);
        CHECK(wire::nodeFromCreate(json{{"driver", "ipmi"}}, {11}, test::sampleInterfaces()).state ==
              model::State::Enroll);
    }
}

TEST_CASE("secrets of a node never leave", "[wire][node]")
{
    model::Node node = sampleNode();
    node.driverInfo.text =
        R"({"ipmi_hex_kg_key":"AA","ipmi_password":"sealed:1:abc","nested":{"api_token":{"a":["b"]},"x":"sealed:1:zz"},"plain":"ok"})";
    node.instanceInfo.text = R"({"configdrive":"H4sI","image_source":"debian"})";
    const ordered_json text = shown(node, wire::nodeDetail(wire::kMaxVersion));
    CHECK(
        text.at("driver_info") ==
        ordered_json::parse(
            R"({"ipmi_hex_kg_key":"******","ipmi_password":"******","nested":{"api_token":"******","x":"******"},"plain":"ok"})"));
    CHECK(text.at("instance_info") ==
          ordered_json::parse(R"({"configdrive":"******","image_source":"debian"})"));
}

TEST_CASE("refused bodies of new nodes", "[wire][node]")
{
    const auto create = [](const std::string& text) {
        return wire::nodeFromCreate(json::parse(text), wire::kMaxVersion, test::sampleInterfaces());
    };
    CHECK_THROWS_WITH(create("[]"), "Schema error for node: a list is not of type 'object'");
    CHECK_THROWS_WITH(create("{}"), "Schema error for node: 'driver' is a required property");
    CHECK_THROWS_WITH(create(R"({"driver": 5})"), "driver: a number is not of type 'string'");
    CHECK_THROWS_WITH(create(R"({"driver": "ipmi", "colour": 1})"), Contains("('colour' was unexpected)"));
    CHECK_THROWS_WITH(create(R"({"driver": "ipmi", "provision_state": "active"})"),
                      Contains("provision_state"));
    CHECK_THROWS_WITH(create(R"({"driver": "ipmi", "name": {}})"),
                      "name: an object is not of type 'string', 'null'");
    CHECK_THROWS_WITH(create(R"({"driver": "ipmi", "properties": []})"),
                      "properties: a list is not of type 'object', 'null'");
    CHECK_THROWS_WITH(create(R"({"driver": "ipmi", "uuid": "nonsense"})"),
                      "Expected UUID for uuid: nonsense");
    CHECK_THROWS_WITH(create(R"({"driver": "ipmi", "protected": "maybe"})"),
                      Contains("Invalid protected: Unrecognized value 'maybe'"));
    CHECK_THROWS_WITH(create(R"({"driver": "ipmi", "deploy_interface": "nonsense"})"),
                      Contains("Valid interfaces are ['direct', 'ramdisk']"));
    CHECK(create(R"({"driver": "ipmi", "deploy_interface": "direct", "uuid": null, "name": null})").driver ==
          "ipmi");
    CHECK(create(R"({"driver": "ipmi", "uuid": "0516E8FA-EA38-4A5C-8950-5EBE9679096B"})").id.uuid ==
          "0516e8fa-ea38-4a5c-8950-5ebe9679096b");
}

TEST_CASE("patching a node", "[wire][node][patch]")
{
    model::Node node = sampleNode();
    SECTION("adds, replaces and removes within objects")
    {
        patch(
            node,
            R"([{"op": "add", "path": "/extra/new", "value": [1, 2]}, {"op": "replace", "path": "/driver_info/ipmi_address", "value": "192.0.2.2"},
                        {"op": "add", "path": "/extra/new/-", "value": 3}, {"op": "remove", "path": "/properties/local_gb"}])");
        CHECK(node.extra.text == R"({"k":"v","new":[1,2,3]})");
        CHECK(node.driverInfo.text == R"({"ipmi_address":"192.0.2.2","ipmi_password":"hunter2"})");
        CHECK(json::parse(node.properties.text).contains("local_gb") == false);
    }
    SECTION("a removed field gets its default")
    {
        patch(node, R"([{"op": "remove", "path": "/name"}, {"op": "remove", "path": "/properties"}])");
        CHECK(node.name.empty());
        CHECK(node.properties.text == "{}");
    }
    SECTION("keys hold escapes of RFC 6901")
    {
        patch(node, R"([{"op": "add", "path": "/extra/a~1b~0c", "value": 1}])");
        CHECK(json::parse(node.extra.text).at("a/b~c") == 1);
    }
    SECTION("another driver brings its own interfaces, if the request resets them")
    {
        wire::patchNode(node, json::parse(R"([{"op": "replace", "path": "/driver", "value": "ipmi"}])"),
                        wire::kMaxVersion, test::sampleInterfaces(), wire::NewDriver::ResetsInterfaces);
        CHECK(shown(node, wire::nodeDetail(wire::kMaxVersion)).at("power_interface") == "ipmitool");
    }
    SECTION("a reset leaves the interfaces that the patch names, also where they are the former ones")
    {
        node.driver = "ipmi";
        node.interfaces.text = R"({"boot":"pxe","management":"noop"})";
        constexpr const char* kToFake = R"([{"op": "replace", "path": "/driver", "value": "fake-hardware"},
                                            {"op": "add", "path": "/boot_interface", "value": "pxe"}])";
        wire::patchNode(node, json::parse(kToFake), wire::kMaxVersion, test::sampleInterfaces(),
                        wire::NewDriver::ResetsInterfaces);
        const ordered_json reset = shown(node, wire::nodeDetail(wire::kMaxVersion));
        CHECK(reset.at("boot_interface") == "pxe");
        CHECK(reset.at("management_interface") != "noop");
    }
    SECTION("another driver keeps the interfaces that it has, except those that the patch names")
    {
        constexpr const char* kToIpmi = R"([{"op": "replace", "path": "/driver", "value": "ipmi"}])";
        CHECK_THROWS_WITH(patch(node, kToIpmi), Contains("is not supported by hardware type ipmi."));
        node.driver = "ipmi";
        node.interfaces.text = R"({"boot":"pxe","management":"noop"})";
        patch(node, R"([{"op": "replace", "path": "/driver", "value": "fake-hardware"},
                        {"op": "replace", "path": "/bios_interface", "value": "fake"},
                        {"op": "replace", "path": "/console_interface", "value": "fake"},
                        {"op": "replace", "path": "/firmware_interface", "value": "fake"},
                        {"op": "replace", "path": "/power_interface", "value": "fake"},
                        {"op": "replace", "path": "/vendor_interface", "value": "no-vendor"}])");
        const ordered_json kept = shown(node, wire::nodeDetail(wire::kMaxVersion));
        CHECK(kept.at("boot_interface") == "pxe");
        CHECK(kept.at("management_interface") == "noop");
        CHECK(kept.at("deploy_interface") == "direct");
        CHECK(kept.at("bios_interface") == "fake");
        CHECK(kept.at("vendor_interface") == "no-vendor");
    }
    SECTION("all or nothing")
    {
        const model::Node before = node;
        CHECK_THROWS(patch(
            node,
            R"([{"op": "replace", "path": "/name", "value": "other"}, {"op": "remove", "path": "/extra/absent"}])"));
        CHECK(node.name == before.name);
        CHECK_THROWS_WITH(
            patch(
                node,
                R"([{"op": "replace", "path": "/description", "value": "x"}, {"op": "replace", "path": "/name", "value": 5}])"),
            "name: a number is not of type 'string', 'null'");
        CHECK(node.description == before.description);
    }
    SECTION("is refused in Ironic's words")
    {
        const auto fault = [](const std::string& name) {
            return json::parse(test::sample(name).at("error_message").get<std::string>())
                .at("faultstring")
                .get<std::string>();
        };
        CHECK_THROWS_WITH(patch(node, R"([{"op": "remove", "path": "/extra/absent"}])"),
                          fault("node_patch_error_400_no_such_path.json"));
        CHECK_THROWS_WITH(
            patch(node, R"([{"op": "replace", "path": "/provision_state", "value": "active"}])", {82}),
            fault("node_patch_error_400_forbidden.json"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "remove", "path": "/driver"}])"),
                          "Schema error for patch: 'driver' is a required property");
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/name", "value": ""}])"),
                          "name: '' is too short");
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/network_data", "value": []}])"),
                          Contains("network_data: a list is not valid under any of the given schemas"));
        for (const std::string field : {"chassis_uuid", "instance_uuid"})
            CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/)" + field + R"(", "value": ""}])"),
                              "Expected UUID for " + field + ": ");
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/power_interface", "value": ""}])"),
                          Contains("Could not find the following interface"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/shard", "value": "a"}])", {81}),
                          "Request not acceptable.");
    }
    SECTION("a malformed patch is refused")
    {
        CHECK_THROWS_WITH(patch(node, "{}"),
                          Contains("Schema error for patch: an object is not of type 'array'"));
        CHECK_THROWS_WITH(patch(node, "[5]"), Contains("patch[0]"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "test", "path": "/name", "value": 1}])"),
                          Contains("is not one of ['add', 'replace', 'remove']"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "name", "value": 1}])"),
                          Contains("'name' does not match '^(/"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/name"}])"),
                          Contains("does not contain a 'value' member"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/name/x", "value": 1}])"),
                          Contains("lies within a string"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/extra/a/b", "value": 1}])"),
                          Contains("member 'a' not found"));
        CHECK_THROWS_WITH(patch(node, R"([{"op": "add", "path": "/colour", "value": 1}])"),
                          Contains("Cannot patch /colour"));
    }
}

TEST_CASE("enrolling an existing node again", "[wire][node][batch]")
{
    model::Node node = sampleNode();
    const json access = {{"ipmi_address", "192.0.2.1"}, {"ipmi_password", "hunter2"}};
    SECTION("changes nothing when the values are equal")
    {
        const json wanted = json::parse(
            R"({"name": "sample-1", "driver": "fake-hardware", "driver_info": {"ipmi_address": "192.0.2.1", "ipmi_password": "hunter2"},
                                            "protected": "False", "deploy_interface": "fake", "owner": null})");
        CHECK(wire::mergeNode(node, wanted, access, test::sampleInterfaces()).empty());
    }
    SECTION("keeps properties that it does not name")
    {
        node.properties.text = R"({"capabilities":"boot_mode:bios","cpus":8})";
        CHECK(wire::mergeNode(node, {{"properties", {{"capabilities", "boot_mode:bios"}}}}, access,
                              test::sampleInterfaces())
                  .empty());
        CHECK(wire::mergeNode(node, {{"properties", {{"rack", "r1"}}}}, access, test::sampleInterfaces()) ==
              std::vector<std::string>{"properties"});
        CHECK_THAT(node.properties.text, Contains("\"cpus\":8") && Contains("\"rack\":\"r1\""));
    }
    SECTION("takes the interfaces of a new hardware type")
    {
        const json wanted{{"driver", "ipmi"}, {"boot_interface", "http-ipxe"}};
        CHECK(wire::mergeNode(node, wanted, access, test::sampleInterfaces()) ==
              std::vector<std::string>{"boot_interface", "driver"});
    }
    SECTION("names the fields that differ, also for a password")
    {
        const json wanted = json::parse(
            R"({"name": "sample-1", "driver": "fake-hardware", "description": "b", "driver_info": {"ipmi_address": "192.0.2.1", "ipmi_password": "other"}})");
        CHECK(wire::mergeNode(node, wanted, access, test::sampleInterfaces()) ==
              std::vector<std::string>{"description", "driver_info"});
        CHECK(node.description == "b");
    }
}
