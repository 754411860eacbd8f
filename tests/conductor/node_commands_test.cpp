#include "tests/support/world.h"

#include <catch2/catch.hpp>

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
        const auto verdicts = world.core->nodes.validate("rack1-07");
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
            return world.core->nodes.validate("rack1-07").at("deploy");
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
