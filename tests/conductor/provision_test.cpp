#include "conductor/core/seal_places.h"
#include "conductor/images/ramdisk_deployment.h"
#include "db/repositories/repositories.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::World;
using namespace std::chrono_literals;

namespace {

conductor::DeployRequest wants(const std::string& image)
{
    conductor::DeployRequest request;
    request.image = image;
    return request;
}

template <class Call> model::Error errorOf(Call&& call)
{
    try {
        call();
    } catch (const model::Error& error) {
        return error;
    }
    FAIL("no error was thrown");
    throw std::logic_error("unreachable");
}

} // namespace

TEST_CASE("bm provision works from every state that a deployment starts from", "[conductor][provision]")
{
    World world;
    world.image();
    SECTION("from enroll: verified, cleaned, deployed")
    {
        world.enrol("node-1");
        world.core->operations.provision("node-1", wants("debian"), "alice");
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK(world.node("node-1").power == model::PowerState::On);
        CHECK(world.node("node-1").lastError.empty());
        CHECK(world.hasEvent("node-1", "image.written"));
    }
    SECTION("from manageable, available, clean failed, deploy failed and active")
    {
        for (const State from : {State::Manageable, State::Available, State::Active}) {
            const std::string name = "node-" + std::to_string(static_cast<int>(from));
            world.nodeIn(from, name);
            INFO(model::toText(from));
            REQUIRE(world.stateOf(name) == from);
            world.core->operations.provision(name, wants("debian"), "alice");
            world.runUntilIdle(5s);
            CHECK(world.stateOf(name) == State::Active);
        }
    }
    SECTION("from deploy failed, once the fault is gone")
    {
        world.enrol("node-1", R"({"fake_write_fault": "disk-failed"})");
        world.core->operations.provision("node-1", wants("debian"), "alice");
        world.runUntilIdle(5s);
        REQUIRE(world.stateOf("node-1") == State::DeployFailed);
        CHECK(world.node("node-1").lastErrorCode == "disk-failed");
        CHECK_FALSE(world.node("node-1").lastErrorHint.empty());
        world.core->nodes.update(
            "node-1", [](model::Node& node) { node.driverInfo.text = "{}"; }, "alice");
        world.core->operations.provision("node-1", wants("debian"), "alice");
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") == State::Active);
    }
}

TEST_CASE("a config drive has the client's names, keys and bytes", "[conductor][provision]")
{
    World world;
    world.image();
    world.enrol("node-1");
    conductor::DeployRequest request = wants("debian");
    request.sshKeys = {"ssh-rsa A me\nssh-rsa B me", "ssh-rsa C"};
    const std::string gzip("\x1f\x8b\x08\0\xff\n\x80", 7);
    request.parts = wire::ConfigDriveParts{
        .metaDataJson = R"({"local-hostname": "web-1", "public_keys": {"key0": "ssh-rsa C"}})",
        .userData = gzip,
        .networkDataJson = {},
        .vendorDataJson = {}};
    world.core->operations.provision("node-1", request, "alice");
    const std::string files = world.core->database.read([&](db::Transaction& tx) {
        const model::NodeId id = world.node("node-1").id;
        const std::optional<model::SealedText> drive = db::ConfigDriveRepository{}.find(tx, id);
        REQUIRE(drive);
        return conductor::configInitrd(
            world.core->context.secrets.open(conductor::configDrivePlace(id), *drive));
    });
    CHECK_THAT(
        files,
        Catch::Contains(R"("hostname":"web-1")") && Catch::Contains(R"("local-hostname":"web-1")") &&
            Catch::Contains(R"({"key0":"ssh-rsa C","key0-1":"ssh-rsa A me","key0-2":"ssh-rsa B me"})"));
    CHECK(files.find(gzip) != std::string::npos);
}

TEST_CASE("refusals of provision have a reason", "[conductor][provision]")
{
    World world;
    world.image();
    SECTION("an unknown node")
    {
        CHECK(errorOf([&] { world.core->operations.provision("ghost", wants("debian"), "a"); }).code() ==
              ErrorCode::NotFound);
    }
    SECTION("an unknown image; the node stays as it is")
    {
        world.enrol("node-1");
        const model::Error error =
            errorOf([&] { world.core->operations.provision("node-1", wants("ghost"), "a"); });
        CHECK(error.code() == ErrorCode::NotFound);
        CHECK_THAT(error.hint(), Catch::Contains("bm image"));
        CHECK(world.stateOf("node-1") == State::Enroll);
    }
    SECTION("a node that an operation works on")
    {
        world.nodeIn(State::WaitCallback);
        CHECK(errorOf([&] { world.core->operations.provision("node-1", wants("debian"), "a"); }).code() ==
              ErrorCode::NodeLocked);
    }
    SECTION("a protected node")
    {
        world.nodeIn(State::Active);
        world.core->nodes.update(
            "node-1", [](model::Node& node) { node.isProtected = true; }, "a");
        CHECK(errorOf([&] { world.core->operations.provision("node-1", wants("debian"), "a"); }).code() ==
              ErrorCode::NodeProtected);
        CHECK(errorOf([&] { world.verb("node-1", StateEvent::Delete); }).code() == ErrorCode::NodeProtected);
        CHECK(errorOf([&] { world.core->nodes.remove("node-1", "a"); }).code() == ErrorCode::NodeProtected);
    }
    SECTION("a node in maintenance")
    {
        world.nodeIn(State::Available);
        world.core->nodes.setMaintenance("node-1", true, "new memory", "a");
        const model::Error error =
            errorOf([&] { world.core->operations.provision("node-1", wants("debian"), "a"); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK_THAT(error.message(), Catch::Contains("new memory"));
    }
    SECTION("root device hints that are no object")
    {
        world.nodeIn(State::Available);
        conductor::DeployRequest request = wants("debian");
        request.options.rootDevice = model::JsonText{"[1]"};
        CHECK(errorOf([&] { world.core->operations.provision("node-1", request, "a"); }).code() ==
              ErrorCode::InvalidInput);
    }
}

TEST_CASE("an image that a deployment wants cannot be deleted", "[conductor][images]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    CHECK(errorOf([&] { world.core->catalogue.remove("debian", {}, "a"); }).code() == ErrorCode::ImageInUse);
    world.core->operations.abort("node-1", "a");
    world.runUntilIdle(1s);
    world.core->catalogue.remove("debian", {}, "a");
    CHECK(world.core->catalogue.list({}).empty());
}

TEST_CASE("bytes on a disk are counted when their step is committed", "[conductor][metrics]")
{
    World world;
    world.nodeIn(State::Available);
    const auto written = [&] {
        const std::string text = world.core->meters.registry.render();
        constexpr std::string_view kName = "\nbm_disk_written_bytes_total ";
        const std::size_t at = text.find(kName);
        return at == std::string::npos ? 0.0 : std::stod(text.substr(at + kName.size()));
    };
    const double before = written();
    SECTION("once")
    {
        world.deploy("node-1");
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK(written() - before == double{4U << 20U});
    }
    SECTION("not when the commit fails")
    {
        world.core->database.write([](db::Transaction& tx) {
            tx.execute("create trigger full before update on steps when new.state = 'done' and "
                       "new.name = 'write_image' begin select raise(fail, 'no space'); end",
                       {});
        });
        world.deploy("node-1");
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") != State::Active);
        CHECK(written() == before);
    }
}

TEST_CASE("undeploy takes the instance down and cleans", "[conductor][undeploy]")
{
    World world;
    world.nodeIn(State::Active);
    world.verb("node-1", StateEvent::Delete);
    CHECK(world.stateOf("node-1") == State::Deleting);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::Available);
    CHECK(world.node("node-1").power == model::PowerState::Off);
    CHECK(world.node("node-1").instanceInfo.text == "{}");
}

TEST_CASE("deployments beyond the limit are queued, not refused", "[conductor][queue]")
{
    conductor::Settings settings;
    settings.maxConcurrentDeploys = 1;
    World world(settings);
    world.nodeIn(State::WaitCallback, "node-1");
    world.nodeIn(State::Available, "node-2");
    world.deploy("node-2");
    world.runUntilIdle(1s);
    CHECK(world.stateOf("node-2") == State::Deploying);
    CHECK_THAT(world.node("node-2").deployStep.text, Catch::Contains("queued"));
    world.core->operations.abort("node-1", "a");
    world.runUntilIdle(3s);
    CHECK(world.stateOf("node-1") == State::DeployFailed);
    CHECK(world.stateOf("node-2") == State::Active);
}

TEST_CASE("a verb that the state does not allow is refused in every state", "[conductor][walk]")
{
    const conductor::DeployRequest request = wants("debian");
    for (const State state : {State::Enroll, State::Manageable, State::Available, State::Active}) {
        World refusing; // a refusal changes nothing
        refusing.nodeIn(state);
        for (std::size_t e = 0; e <= static_cast<std::size_t>(StateEvent::Delete); ++e) {
            const auto event = static_cast<StateEvent>(e);
            INFO(model::toText(state) << " " << model::toText(event));
            if (model::next(state, event)) {
                World world;
                world.nodeIn(state);
                world.core->operations.verb("node-1", event, {request}, "a");
                world.runUntilIdle(5s);
                CHECK_FALSE(model::isFailure(world.stateOf("node-1")));
            } else {
                CHECK(errorOf([&] {
                          refusing.core->operations.verb("node-1", event, {request}, "a");
                      }).code() == ErrorCode::InvalidTransition);
                CHECK(refusing.stateOf("node-1") == state);
            }
        }
    }
}
