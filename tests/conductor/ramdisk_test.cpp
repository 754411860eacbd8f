#include "conductor/images/ramdisk_deployment.h"
#include "conductor/images/ramdisk_image.h"
#include "tests/images/boot_world.h"
#include "tests/support/world.h"

#include <regex>

using namespace bm;
using Catch::Matchers::Contains;
using images::testing::failureOf;
using model::ErrorCode;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

model::Image addRamdisk(World& world, const std::string& name, const std::string& arguments)
{
    images::ImageStore& store = world.core->catalogue.store();
    const std::filesystem::path pair =
        images::testing::makeArchive(store.incomingFolder() / (name + ".tar"), "ustar",
                                     {{"vmlinuz", images::testing::fakeKernel()},
                                      {"initrd.img", images::testing::fakeInitrd()},
                                      {"kernel_arguments", arguments}});
    const images::StoredImage stored = store.import({.file = pair}, {}, images::testing::soon());
    model::Image image = world.image(name);
    image.kind = stored.kind;
    image.contentId = stored.contentId;
    image.sizeBytes = stored.sizeBytes;
    image.description = stored.description;
    world.core->database.write([&](db::Transaction& tx) { db::ImageRepository{}.update(tx, image); });
    return image;
}

std::string scriptOf(const World& world, const std::string& node)
{
    const model::NodeId id = world.node(node).id;
    const std::string mac = world.core->database.read(
        [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, id).at(0).mac.text; });
    return world.core->boots.script(mac, "efi", "192.0.2.7");
}

/// The secret part of its URLs.
std::string tokenOf(const World& world, const std::string& node)
{
    const std::string script = scriptOf(world, node);
    std::smatch match;
    REQUIRE(std::regex_search(script, match, std::regex("/boot/nodes/[^/]+/([0-9a-f]+)/vmlinuz")));
    return match[1].str();
}

void fetch(World& world, const std::string& node, const std::string& name)
{
    const conductor::BootFile file =
        world.core->boots.imageFile(world.node(node).id.uuid, tokenOf(world, node), name, "192.0.2.7");
    world.core->boots.imageFetched(file, "192.0.2.7", std::filesystem::file_size(file.path), true);
}

constexpr const char* kNever = R"({"fake_agent_delay": "never"})";

} // namespace

TEST_CASE("a RAM-disk deployment", "[conductor][ramdisk]")
{
    World world;
    world.nodeIn(State::Available);
    world.core->nodes.update(
        "node-1", [](model::Node& node) { node.driverInfo.text = kNever; }, "tester");
    addRamdisk(world, "rescue", "console=ttyS0");
    world.deploy("node-1", "rescue");
    world.runUntilIdle(3s);
    REQUIRE(world.stateOf("node-1") == State::WaitCallback);

    SECTION("is active once kernel and initrd were fetched whole, without an agent or a disk")
    {
        const std::string script = scriptOf(world, "node-1");
        CHECK_THAT(script, Contains(" console=ttyS0 || goto failed") && !Contains("bm.secret"));
        fetch(world, "node-1", "vmlinuz");
        world.runUntilIdle(2s);
        CHECK(world.stateOf("node-1") == State::WaitCallback);
        fetch(world, "node-1", "initrd.img");
        world.runUntilIdle(2s);
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK(world.hasEvent("node-1", "http.initrd"));
        for (const model::Step& step : world.steps("node-1"))
            CHECK((step.name != "write_image" && step.name != "await_agent"));
        SECTION("and boots it again, also after bmd's restart, until it is undeployed")
        {
            const std::string token = tokenOf(world, "node-1");
            world.restart();
            CHECK(tokenOf(world, "node-1") == token);
            world.core->nodes.update(
                "node-1", [](model::Node& node) { node.driverInfo.text = "{}"; }, "tester");
            world.verb("node-1", model::StateEvent::Delete);
            world.runUntilIdle(5s);
            CHECK(world.stateOf("node-1") == State::Available);
            CHECK_THAT(scriptOf(world, "node-1"), Contains("own disk"));
            CHECK(failureOf([&] {
                      world.core->boots.imageFile(world.node("node-1").id.uuid, token, "vmlinuz",
                                                  "192.0.2.7");
                  }).code == ErrorCode::NotFound);
        }
        SECTION("and keeps its image in the catalogue")
        {
            CHECK(failureOf([&] { world.core->catalogue.remove("rescue", {}, "tester"); }).code ==
                  ErrorCode::ImageInUse);
        }
    }
    SECTION("fails at its deadline with the missing file")
    {
        SECTION("for its script")
        {
            world.clock.advance(31min);
            world.runUntilIdle(1s);
            CHECK_THAT(world.node("node-1").lastError, Contains("has not asked for its boot script"));
        }
        SECTION("for its initrd")
        {
            fetch(world, "node-1", "vmlinuz");
            world.clock.advance(31min);
            world.runUntilIdle(1s);
            CHECK_THAT(world.node("node-1").lastError, Contains("has not fetched the initrd"));
        }
        CHECK(world.stateOf("node-1") == State::DeployFailed);
        CHECK_THAT(scriptOf(world, "node-1"), Contains("own disk"));
    }
    SECTION("a part of a file does not count")
    {
        const conductor::BootFile file = world.core->boots.imageFile(
            world.node("node-1").id.uuid, tokenOf(world, "node-1"), "initrd.img", "192.0.2.7");
        fetch(world, "node-1", "vmlinuz");
        world.core->boots.imageFetched(file, "192.0.2.7", 4, true);
        world.runUntilIdle(2s);
        CHECK(world.stateOf("node-1") == State::WaitCallback);
    }
    SECTION("refuses another token")
    {
        world.nodeIn(State::Available, "node-2");
        const std::string uuid = world.node("node-1").id.uuid;
        const auto codeOf = [&](const std::string& node, const std::string& token, const std::string& name) {
            return failureOf([&] { world.core->boots.imageFile(node, token, name, "192.0.2.7"); }).code;
        };
        CHECK(codeOf(uuid, std::string(32, '0'), "vmlinuz") == ErrorCode::NotFound);
        CHECK(codeOf(uuid, "", "vmlinuz") == ErrorCode::NotFound);
        CHECK(codeOf(world.node("node-2").id.uuid, tokenOf(world, "node-1"), "vmlinuz") ==
              ErrorCode::NotFound);
        CHECK(codeOf(uuid, tokenOf(world, "node-1"), "image.iso") == ErrorCode::NotFound);
        CHECK(codeOf(uuid, tokenOf(world, "node-1"), "../store-id") == ErrorCode::NotFound);
    }
}

TEST_CASE("kernel arguments of a deployment", "[conductor][ramdisk]")
{
    World world;
    model::Node node = world.nodeIn(State::Available);
    const model::Image image = addRamdisk(world, "rescue", "console=ttyS0");
    conductor::DeployRequest request;
    CHECK(conductor::argumentsFor(image, node, request) == "console=ttyS0");
    node.instanceInfo.text = R"({"kernel_append_params": "single %default%"})";
    CHECK(conductor::argumentsFor(image, node, request) == "single console=ttyS0");
    request.options.kernelArguments = "only";
    CHECK(conductor::argumentsFor(image, node, request) == "only");
    for (const char* wrong : {"a || b", "a\nboot", "${net0/mac}", "fetch={iso}", "# x"}) {
        INFO(wrong);
        request.options.kernelArguments = wrong;
        CHECK(failureOf([&] { conductor::argumentsFor(image, node, request); }).code ==
              ErrorCode::InvalidInput);
    }
}

TEST_CASE("a description with offsets outside of its image is refused", "[conductor][ramdisk]")
{
    const auto codeOf = [](const std::string& text) {
        return failureOf([&] { conductor::ramdiskOf(model::JsonText{text}, 1000); }).code;
    };
    CHECK(codeOf("{}") == ErrorCode::ImageCorrupt);
    CHECK(codeOf(R"({"kernel":{"offset":0,"bytes":1001},"initrd":[{"offset":0,"bytes":1}]})") ==
          ErrorCode::ImageCorrupt);
    CHECK(
        codeOf(R"({"kernel":{"offset":18446744073709551615,"bytes":2},"initrd":[{"offset":0,"bytes":1}]})") ==
        ErrorCode::ImageCorrupt);
    CHECK(codeOf(R"({"kernel":{"offset":0,"bytes":1},"initrd":[]})") == ErrorCode::ImageCorrupt);
    CHECK(
        codeOf(
            R"({"kernel":{"offset":0,"bytes":1},"initrd":[{"offset":0,"bytes":1}],"kernel_arguments":"a && b"})") ==
        ErrorCode::InvalidInput);
}

TEST_CASE("a config drive as one more initrd", "[conductor][ramdisk]")
{
    images::ConfigDrive drive;
    drive.metaDataJson = R"({"hostname":"n1"})";
    const std::string archive = conductor::configInitrd(images::makeConfigDrive(drive));
    CHECK(archive.size() % 4 == 0);
    CHECK_THAT(archive, Contains("config-2/openstack/latest/meta_data.json") && Contains("TRAILER!!!") &&
                            Contains(R"("hostname":"n1")"));
    CHECK_THAT(conductor::configInitrd("a VFAT image"), Contains("config-2.img"));
}
