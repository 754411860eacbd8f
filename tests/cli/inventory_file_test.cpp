#include "cli/client/inventory_file.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>

using namespace bm;
using cli::parseInventory;

namespace {

std::string messageOf(const std::string& text)
{
    try {
        parseInventory(text, "inventory.yaml");
    } catch (const model::Error& error) {
        CHECK(error.code() == model::ErrorCode::InvalidInput);
        return error.message();
    }
    return "no error";
}

} // namespace

TEST_CASE("an inventory keeps the types of its values", "[cli][inventory]")
{
    const nlohmann::json read = parseInventory(R"(nodes:
  - name: rack1-07
    driver: ipmi
    driver_info: {ipmi_address: 10.0.4.17, ipmi_port: 623, ipmi_password: "0123", ipmi_disable_boot_timeout: false}
    ports: [{address: "52:54:00:12:34:56"}]
    description: ~
)",
                                               "inventory.yaml");
    const nlohmann::json& node = read.at("nodes").at(0);
    CHECK(node.at("driver_info").at("ipmi_address") == "10.0.4.17");
    CHECK(node.at("driver_info").at("ipmi_port") == 623);
    CHECK(node.at("driver_info").at("ipmi_password") == "0123");
    CHECK(node.at("driver_info").at("ipmi_disable_boot_timeout") == false);
    CHECK(node.at("ports").at(0).at("address") == "52:54:00:12:34:56");
    CHECK(node.at("description").is_null());
}

TEST_CASE("a text of an inventory that only looks like a number stays a text", "[cli][inventory]")
{
    const nlohmann::json read = parseInventory(R"(nodes:
  - name: a
    extra: {commit: 77950e8, n: 00123, version: 1.10, hex: 0x1f, big: 12345678901234567890123, plus: +5,
            zero: -0, count: 12, less: -5, quoted: "7", mac: 52:54:00:12:34:56, when: 2026-11-30}
)",
                                               "x");
    CHECK(read.at("nodes").at(0).at("extra") == nlohmann::json::parse(R"({"commit": "77950e8", "n": "00123",
        "version": "1.10", "hex": "0x1f", "big": "12345678901234567890123", "plus": "+5", "zero": "-0",
        "count": 12, "less": -5, "quoted": "7", "mac": "52:54:00:12:34:56", "when": "2026-11-30"})"));
}

TEST_CASE("merge keys fill a map of an inventory, and its own keys win", "[cli][inventory]")
{
    const nlohmann::json read = parseInventory(R"(nodes:
  - &first
    name: a
    driver: ipmi
    driver_info: &bmc {ipmi_username: root, ipmi_password: 0123, ipmi_port: 623}
    properties: &one {rack: r1, cpus: 4}
    extra: &two {rack: r2, row: 7}
  - <<: *first
    name: b
    driver_info: {ipmi_port: 624, <<: *bmc}
    properties: {<<: [*one, *two], cpus: 8}
    extra: {"<<": text}
)",
                                               "x");
    const nlohmann::json& node = read.at("nodes").at(1);
    CHECK(node.at("name") == "b");
    CHECK(node.at("driver") == "ipmi");
    CHECK(node.at("driver_info") ==
          nlohmann::json({{"ipmi_username", "root"}, {"ipmi_password", "0123"}, {"ipmi_port", 624}}));
    CHECK(node.at("properties") == nlohmann::json({{"rack", "r1"}, {"cpus", 8}, {"row", 7}}));
    CHECK(node.at("extra") == nlohmann::json({{"<<", "text"}}));
}

TEST_CASE("an inventory has chassis, portgroups and ports inside them", "[cli][inventory]")
{
    const nlohmann::json read = parseInventory(R"({"chassis": [{"description": "rack 1", "nodes": [
        {"name": "a", "portgroups": [{"name": "bond0", "ports": [{"address": "52:54:00:12:34:56"}]}]}]},
        {"description": "rack 2"}]})",
                                               "x");
    CHECK(read.at("nodes").empty());
    const nlohmann::json& group = read.at("chassis").at(0).at("nodes").at(0).at("portgroups").at(0);
    CHECK(group.at("ports").at(0).at("address") == "52:54:00:12:34:56");
    CHECK(read.at("chassis").at(1).at("nodes").empty());
}

TEST_CASE("an inventory may be JSON", "[cli][inventory]")
{
    const nlohmann::json json = parseInventory(
        R"({"nodes": [{"extra": {"rate": 1.5, "less": -5, "big": 1e3, "no": false, "none": null, "text": "no"}}]})",
        "x");
    CHECK(json.at("nodes").at(0).at("extra") ==
          nlohmann::json::parse(
              R"({"rate": 1.5, "less": -5, "big": 1e3, "no": false, "none": null, "text": "no"})"));
    CHECK(parseInventory(R"({"nodes": [{"name": "a", "driver": "ipmi"}]})", "x").at("nodes").size() == 1);
}

TEST_CASE("an inventory may be any JSON", "[cli][inventory]")
{
    const std::string text =
        "{\n\t\"nodes\"\t: [\r\n\t{\"name\":\"a\", \"description\": "
        "\"\\ud83d\\ude00 \\\\ud83d \\u00e9\\/\\b\\f\\n\\r\\t\\\"\\u0001 \\\\\",\n\"\\ud83d\\ude00\""
        ":1,\"extra\"\n:\n{\"#\":\"# - : \",\"<<\":{\"a\":-1.5E+3,\"b\":[],\"c\":{}}}}\n]\n}\n";
    const nlohmann::json wanted = nlohmann::json::parse(text);
    CHECK(parseInventory(text, "x").at("nodes") == wanted.at("nodes"));
    CHECK_THAT(messageOf("{\"nodes\": [{\"name\": \"\\ud83d\"}]}"), !Catch::Contains("no error"));
    CHECK_THAT(messageOf("{\"nodes\": [{\"name\": \"\\ud83d\\ude00\"},\n{\"name\": \"\\ud83d\\ude00\"}]}"),
               Catch::StartsWith("inventory.yaml:2:1: "));
}

TEST_CASE("an inventory error names line and column", "[cli][inventory]")
{
    CHECK_THAT(messageOf("nodes:\n  - name: x\n   driver: [\n"), Catch::StartsWith("inventory.yaml:3:"));
    CHECK_THAT(messageOf("nodes: 7\n"), Catch::StartsWith("inventory.yaml:1:8: \"nodes\" is not a list"));
    CHECK_THAT(messageOf("nodes:\n  - just text\n"),
               Catch::StartsWith("inventory.yaml:2:5: a node must be a map"));
    CHECK_THAT(messageOf("nodes: []\nracks: []\n"), Catch::StartsWith("inventory.yaml:2:1: \"racks\""));
    CHECK_THAT(messageOf("chassis:\n  - {nodes: [5]}\n"),
               Catch::StartsWith("inventory.yaml:2:14: a node must be a map"));
    CHECK_THAT(messageOf("nodes:\n  - {name: a, <<: 5}\n"), Catch::Contains("\"<<\" takes a map"));
    CHECK_THAT(messageOf("nodes:\n  - {name: a, <<: [{b: 1}, [5]]}\n"),
               Catch::Contains("\"<<\" takes a map"));
    CHECK_THAT(messageOf("nodes:\n  - {name: a, name: b}\n"), Catch::Contains("appears twice"));
    CHECK_THAT(messageOf("- a\n"), Catch::Contains("expected a map"));
    CHECK_THAT(messageOf(""), Catch::Contains("expected a map"));
    CHECK_THAT(messageOf(std::string(10'000, '[')), !Catch::Contains("no error"));
}

TEST_CASE("ipmi_password_file is replaced by the password", "[cli][inventory]")
{
    const platform::TemporaryFolder folder;
    platform::writeFileAtomically(folder.path() / "password", "s3cret\n", 0600);
    const nlohmann::json read = parseInventory("nodes:\n  - {name: a, driver_info: {ipmi_password_file: " +
                                                   (folder.path() / "password").string() + "}}\n",
                                               "x");
    CHECK(read.at("nodes").at(0).at("driver_info").at("ipmi_password") == "s3cret");
    CHECK_FALSE(read.at("nodes").at(0).at("driver_info").contains("ipmi_password_file"));
}

TEST_CASE("an inventory has each name, uuid and MAC address once", "[cli][inventory]")
{
    CHECK_THAT(messageOf("nodes:\n  - {name: a}\n  - {name: b}\n  - {name: a}\n"),
               Catch::StartsWith("inventory.yaml:4:5: the node name \"a\"") &&
                   Catch::Contains("inventory.yaml:2:5"));
    CHECK_THAT(messageOf("nodes:\n  - {uuid: 1BE26C0B-03f2-4d2e-ae87-c02d7f33c123}\n"
                         "  - {uuid: 1be26c0b-03f2-4d2e-ae87-c02d7f33c123}\n"),
               Catch::StartsWith("inventory.yaml:3:5: the node uuid"));
    CHECK_THAT(messageOf("chassis:\n  - nodes: [{name: a}]\nnodes:\n  - {name: a}\n"),
               Catch::StartsWith("inventory.yaml:4:5:") && Catch::Contains("inventory.yaml:2:13"));
    CHECK_THAT(messageOf("chassis:\n  - {uuid: u}\n  - {uuid: u}\n"),
               Catch::StartsWith("inventory.yaml:3:5: the chassis uuid"));
    CHECK_THAT(messageOf("nodes:\n  - ports: [{address: \"52:54:00:12:34:5A\"}]\n"
                         "  - portgroups:\n    - ports:\n      - {address: 52-54-00-12-34-5a}\n"),
               Catch::StartsWith("inventory.yaml:5:9: the port MAC address \"52:54:00:12:34:5a\"") &&
                   Catch::Contains("inventory.yaml:2:13"));
    CHECK_THAT(messageOf("{\"nodes\": [{\"name\": \"a\"},\n {\"name\": \"a\"}]}"),
               Catch::StartsWith("inventory.yaml:2:2: the node name"));
}

TEST_CASE("the places of an inventory's twins are those of the nodes where a merge key made the twins",
          "[cli][inventory]")
{
    const std::string first =
        "nodes:\n  - &first\n    name: a\n    ports: [{address: \"52:54:00:12:34:56\"}]\n";
    CHECK_THAT(messageOf(first + "  - {<<: *first, driver: ipmi}\n"),
               Catch::StartsWith("inventory.yaml:5:5: the node name \"a\""));
    CHECK_THAT(messageOf(first + "  - {<<: *first, name: b}\n"),
               Catch::StartsWith("inventory.yaml:5:5: the port MAC address"));
    CHECK_THAT(messageOf("nodes:\n  - {name: a, ports: &p [{address: \"52:54:00:12:34:56\"}]}\n"
                         "  - {name: b, ports: *p}\n"),
               Catch::StartsWith("inventory.yaml:3:5:") && Catch::Contains("inventory.yaml:2:5"));
    CHECK_NOTHROW(parseInventory(first + "  - {<<: *first, name: b, ports: []}\n", "x"));
    // a bond has the address of one of its ports, and two chassis may be described alike
    CHECK_NOTHROW(parseInventory("chassis: [{description: rack}, {description: rack}]\n"
                                 "nodes: [{portgroups: [{address: \"52:54:00:12:34:56\", ports: [{address: "
                                 "\"52:54:00:12:34:56\"}]}]}]\n",
                                 "x"));
}

TEST_CASE("an inventory is all YAML documents of a file", "[cli][inventory]")
{
    const nlohmann::json read =
        parseInventory("---\nnodes: [{name: a}]\n---\n# none\n---\nchassis: [{uuid: u}]\n"
                       "nodes: [{name: b}]\n...\n",
                       "x");
    REQUIRE(read.at("nodes").size() == 2);
    CHECK(read.at("nodes").at(1).at("name") == "b");
    CHECK(read.at("chassis").size() == 1);
    CHECK_THAT(messageOf("nodes: [{name: a}]\n---\nnodes: [{name: a}]\n"),
               Catch::StartsWith("inventory.yaml:3:9: the node name") &&
                   Catch::Contains("inventory.yaml:1:9"));
    CHECK_THAT(messageOf("nodes: []\n---\nracks: []\n"), Catch::StartsWith("inventory.yaml:3:1: "));
    CHECK_THAT(messageOf("---\n---\n"), Catch::Contains("expected a map"));
}

TEST_CASE("an inventory with wrong types or bytes is refused with a message of bm", "[cli][inventory]")
{
    CHECK_THAT(messageOf("nodes:\n  - {name: a, driver_info: {ipmi_password_file: [a]}}\n"),
               Catch::StartsWith("inventory.yaml: node \"a\": ipmi_password_file is not the path"));
    CHECK_THAT(messageOf("nodes:\n  - {driver_info: {ipmi_password_file: {a: b}}}\n"),
               Catch::Contains("is not the path of a file"));
    CHECK_THAT(messageOf("chassis:\n  - <<: {nodes: 5}\n"), Catch::Contains("\"nodes\" is not a list"));
    CHECK_THAT(messageOf("chassis:\n  - <<: {nodes: [5]}\n"), Catch::Contains("a node must be a map"));
    CHECK_THAT(messageOf("nodes:\n  - name: \"caf\xe9\"\n"),
               Catch::StartsWith("inventory.yaml:2: not UTF-8"));
}
