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

TEST_CASE("an inventory may be JSON", "[cli][inventory]")
{
    CHECK(parseInventory(R"({"nodes": [{"name": "a", "driver": "ipmi"}]})", "x").at("nodes").size() == 1);
}

TEST_CASE("an inventory error names line and column", "[cli][inventory]")
{
    CHECK_THAT(messageOf("nodes:\n  - name: x\n   driver: [\n"), Catch::StartsWith("inventory.yaml:3:"));
    CHECK_THAT(messageOf("nodes: 7\n"), Catch::StartsWith("inventory.yaml:1:8: \"nodes\" is not a list"));
    CHECK_THAT(messageOf("nodes:\n  - just text\n"),
               Catch::StartsWith("inventory.yaml:2:5: a node must be a map"));
    CHECK_THAT(messageOf("nodes: []\nchassis: []\n"), Catch::StartsWith("inventory.yaml:2:1: \"chassis\""));
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
