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
