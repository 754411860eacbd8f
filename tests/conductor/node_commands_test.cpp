#include "conductor/core/nodes.h"
#include "db/repositories/node_repository.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using model::ErrorCode;
using model::State;
using test::World;

namespace {

ErrorCode codeOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const model::Error& error) {
        return error.code();
    }
    return ErrorCode::Internal;
}

} // namespace

TEST_CASE("enrolling", "[conductor][nodes]")
{
    World world;
    model::Node node;
    node.name = "rack1-07";
    node.driver = "ipmi";
    node.driverInfo.text = R"({"ipmi_address":"10.0.4.17","ipmi_username":"root","ipmi_password":"s3cret"})";
    model::Port port;
    port.mac = *model::macFromText("52:54:00:aa:bb:cc");
    world.core->nodes.createWithPorts(node, {port}, "alice");
    SECTION("seals secrets, so that the database file never shows them")
    {
        CHECK_THAT(world.node("rack1-07").driverInfo.text,
                   !Catch::Contains("s3cret") && Catch::Contains("sealed:"));
        world.restart();
        std::string bytes;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(world.folder.path()))
            if (entry.is_regular_file())
                bytes += platform::readFile(entry.path());
        CHECK(bytes.find("s3cret") == std::string::npos);
        CHECK(bytes.find("rack1-07") != std::string::npos);
    }
    SECTION("seals every form of a secret, and nothing else")
    {
        const auto secretOf = [&](const char* json) {
            world.core->nodes.update(
                "rack1-07",
                [&](model::Node& changed) {
                    changed.driverInfo.text =
                        R"({"ipmi_address":"10.0.4.17","ipmi_password":)" + std::string(json) + "}";
                },
                "alice");
            CHECK_THAT(world.node("rack1-07").driverInfo.text,
                       Catch::Contains(R"("ipmi_password":"sealed:2:)"));
            return conductor::driverTexts(world.core->context, world.node("rack1-07")).at("ipmi_password");
        };
        CHECK(secretOf("831877") == "831877");
        CHECK(secretOf("-7") == "-7");
        CHECK(secretOf(R"("831877e8")") == "831877e8");
        CHECK(secretOf(R"("sealed:")") == "sealed:");
        CHECK(secretOf(R"("sealed:1:AAAA")") == "sealed:1:AAAA");
        for (const char* json : {"831877e8", "1.5", "true"})
            CHECK(codeOf([&] { secretOf(json); }) == ErrorCode::InvalidInput);
    }
    SECTION("a sealed value opens at its own node and key only")
    {
        const std::string sealed =
            nlohmann::json::parse(world.node("rack1-07").driverInfo.text).at("ipmi_password");
        model::Node thief;
        thief.name = "thief";
        thief.driver = "ipmi";
        for (const char* key : {"ipmi_password", "ipmi_terminal_port"}) {
            thief.name = std::string(key) == "ipmi_password" ? "thief-password" : "thief-port";
            thief.driverInfo.text =
                R"({"ipmi_address":"10.0.4.18",")" + std::string(key) + R"(":")" + sealed + R"("})";
            world.core->nodes.create(thief, "mallory");
            CHECK(conductor::driverTexts(world.core->context, world.node(thief.name)).at(key) == sealed);
        }
        // copied inside the database
        world.core->database.write([&](db::Transaction& tx) {
            model::Node stored = conductor::findNode(tx, "thief-password");
            stored.driverInfo.text = R"({"ipmi_address":"10.0.4.18","ipmi_password":")" + sealed + R"("})";
            db::NodeRepository{}.update(tx, stored);
        });
        CHECK_THROWS_WITH(conductor::driverTexts(world.core->context, world.node("thief-password")),
                          Catch::Contains("for another row or field"));
    }
    SECTION("refuses an invalid name, MAC address and driver")
    {
        CHECK(codeOf([&] { world.core->nodes.create(node, "alice"); }) == ErrorCode::Conflict);
        node.name = "other";
        CHECK(codeOf([&] { world.core->nodes.createWithPorts(node, {port}, "alice"); }) ==
              ErrorCode::Conflict);
        CHECK(codeOf([&] { world.node("other"); }) == ErrorCode::NotFound);
        node.driver = "telepathy";
        CHECK(codeOf([&] { world.core->nodes.create(node, "alice"); }) == ErrorCode::InvalidInput);
        node.driver = "ipmi";
        node.name = "a b";
        CHECK(codeOf([&] { world.core->nodes.create(node, "alice"); }) == ErrorCode::InvalidInput);
    }
    SECTION("a masked password given back keeps the stored one")
    {
        const std::string before = world.node("rack1-07").driverInfo.text;
        world.core->nodes.update(
            "rack1-07",
            [](model::Node& changed) {
                changed.driverInfo.text =
                    R"({"ipmi_address":"10.0.4.17","ipmi_username":"root","ipmi_password":"******"})";
            },
            "alice");
        CHECK(world.node("rack1-07").driverInfo.text == before);
    }
    SECTION("validate names missing values")
    {
        world.core->nodes.update(
            "rack1-07", [](model::Node& changed) { changed.driverInfo.text = "{}"; }, "alice");
        const auto verdicts = world.core->nodes.validate("rack1-07", "");
        CHECK_FALSE(verdicts.at("power").result);
        CHECK_THAT(verdicts.at("power").reason, Catch::Contains("ipmi_address"));
        CHECK_FALSE(verdicts.at("deploy").result);
        CHECK(verdicts.at("boot").result);
    }
    SECTION("validate names the errors of the image")
    {
        const auto verdict = [&](const std::string& instance) {
            world.core->nodes.update(
                "rack1-07", [&](model::Node& changed) { changed.instanceInfo.text = instance; }, "alice");
            return world.core->nodes.validate("rack1-07", "").at("deploy");
        };
        CHECK_THAT(verdict("{}").reason, Catch::Contains("image_source"));
        CHECK_THAT(verdict(R"({"image_source":"nothing"})").reason, Catch::Contains("nothing"));
        CHECK_THAT(verdict(R"({"image_source":"http://web/d.img"})").reason, Catch::Contains("checksum"));
        CHECK_THAT(verdict(R"({"image_source":"file:///etc/passwd"})").reason, Catch::Contains("file"));
        CHECK(verdict(R"({"image_source":"http://web/d.img","image_os_hash_algo":"sha256",)"
                      R"("image_os_hash_value":")" +
                      std::string(64, 'a') + R"("})")
                  .result);
        CHECK_FALSE(verdict(R"({"image_source":"http://web/d.img","image_os_hash_algo":"sha256",)"
                            R"("image_os_hash_value":"abc"})")
                        .result);
        const std::string metadata = R"({"image_source":"http://169.254.169.254/d","image_checksum":")" +
                                     std::string(64, 'a') + R"("})";
        CHECK_THAT(verdict(metadata).reason, Catch::Contains("a link-local address"));
        world.core->nodes.update(
            "rack1-07", [](model::Node& changed) { changed.owner = "web"; }, "alice");
        CHECK_THAT(verdict(metadata).reason,
                   Catch::Contains("does not request for projects") && !Catch::Contains("link-local"));
    }
}

TEST_CASE("changing and deleting", "[conductor][nodes]")
{
    World world;
    SECTION("a node at work is locked")
    {
        world.nodeIn(State::WaitCallback);
        CHECK(codeOf([&] {
                  world.core->nodes.update(
                      "node-1", [](model::Node&) {}, "a");
              }) == ErrorCode::NodeLocked);
        CHECK(codeOf([&] { world.core->nodes.remove("node-1", "a"); }) == ErrorCode::NodeLocked);
    }
    SECTION("an active node is not deleted, an idle one is, with its ports")
    {
        world.nodeIn(State::Active, "busy");
        CHECK(codeOf([&] { world.core->nodes.remove("busy", "a"); }) == ErrorCode::Conflict);
        world.nodeIn(State::Available, "idle");
        world.core->nodes.remove("idle", "a");
        CHECK(codeOf([&] { world.node("idle"); }) == ErrorCode::NotFound);
        CHECK(world.core->database.read(
                  [](db::Transaction& tx) { return db::PortRepository{}.all(tx).size(); }) == 1);
    }
}
