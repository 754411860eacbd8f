// Captures and verifications of disks: the machine starts again in every case.
#include "common/platform/exec.h"
#include "conductor/operations/capture_request.h"
#include "conductor/operations/verify_request.h"
#include "conductor/steps/captures.h"
#include "conductor/steps/reports.h"
#include "db/repositories/report_repository.h"
#include "images/blocks/block_record.h"
#include "images/blocks/block_writer.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <sstream>
#include <thread>

using namespace bm;
using Catch::Matchers::Contains;
using model::ErrorCode;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

model::OperationId capture(World& world, const std::string& node, const std::string& name)
{
    return conductor::beginCapture(world.core->context, node, {.name = name, .rootDeviceJson = {}}, "alice");
}

ErrorCode refusalOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const model::Error& error) {
        CHECK_FALSE(error.hint().empty());
        return error.code();
    }
    FAIL("no error was thrown");
    return ErrorCode::Internal;
}

std::optional<model::NodeReport> reportOf(World& world, const std::string& node, const std::string& kind)
{
    return world.core->database.read(
        [&](db::Transaction& tx) { return db::ReportRepository{}.latest(tx, world.node(node).id, kind); });
}

/// Creates a running node, then sets its settings to @p driverInfo.
void runningNode(World& world, const std::string& driverInfo)
{
    world.nodeIn(State::Active, "golden");
    world.core->nodes.update(
        "golden", [&](model::Node& node) { node.driverInfo.text = driverInfo; }, "alice");
}

/// A capture of a tree in progress, with all blocks of @p archive in the store.
model::Image sentTree(World& world, const std::string& name, const std::string& archive)
{
    model::Image image;
    image.id = model::ImageId::make();
    image.name = name;
    image.kind = model::ImageKind::Tree;
    image.sourceFormat = "capture";
    image.createdAt = image.updatedAt = world.clock.now();
    world.core->database.write([&](db::Transaction& tx) { db::ImageRepository{}.insert(tx, image); });
    std::string records;
    images::BlockWriter writer(
        [&](const images::BlockEntry& entry, std::span<const std::byte> frame) {
            images::appendRecord(records, entry, frame);
        },
        {.threads = 1});
    writer.write(std::as_bytes(std::span(archive)));
    writer.finish();
    images::CaptureStore& captures = world.core->store.captures();
    captures.open(image.id.uuid, archive.size());
    std::istringstream body(records);
    captures.append(image.id.uuid, 0, body);
    return image;
}

/// The result of its import.
model::Image takenIn(World& world, const model::Image& image)
{
    conductor::importCapturedTree(world.core->context, image);
    conductor::importCapturedTree(world.core->context, image); // the agent polls
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (world.core->catalogue.get(image.name, {}).state == model::ImageState::Importing &&
           std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(20ms);
    world.core->catalogue.stop();
    return world.core->catalogue.get(image.name, {});
}

std::string archiveOf(World& world, const std::string& files)
{
    const std::string script = "cd " + world.folder.path().string() + " && mkdir -p tree && cd tree && " +
                               files + " && tar -cf ../tree.tar .";
    REQUIRE(platform::makeExec(platform::kAllCapabilities)
                ->run({{"/bin/bash", "-c", script}}, model::Deadline::in(1min))
                .code == 0);
    return platform::readFile(world.folder.path() / "tree.tar", 1U << 24U);
}

} // namespace

TEST_CASE("the archive of a captured tree is imported", "[conductor][capture]")
{
    World world;
    world.core->catalogue.recover();
    world.core->catalogue.start();
    SECTION("a system")
    {
        const std::string archive = archiveOf(world, "mkdir etc usr && echo x > etc/os-release");
        const model::Image image = takenIn(world, sentTree(world, "files", archive));
        CHECK(image.errorMessage.empty());
        CHECK(image.state == model::ImageState::Ready);
        CHECK(image.kind == model::ImageKind::Tree);
        CHECK(image.sourceFormat == "capture");
        CHECK(image.contentId.size() == 64);
        CHECK_THROWS_AS(world.core->store.captures().finish(image.id.uuid), model::Error); // dropped
    }
    SECTION("a system, once more after a kill -9")
    {
        const std::string archive = archiveOf(world, "mkdir etc usr && echo x > etc/os-release");
        const model::Image sent = sentTree(world, "files", archive);
        platform::writeFileAtomically(world.core->store.incomingFolder() / (sent.id.uuid + ".download"),
                                      "half of it");
        const model::Image image = takenIn(world, sent);
        CHECK(image.errorMessage.empty());
        CHECK(image.state == model::ImageState::Ready);
    }
    SECTION("a file that is no archive")
    {
        const model::Image image = takenIn(world, sentTree(world, "files", std::string(4096, 'x')));
        CHECK(image.state == model::ImageState::Failed);
        CHECK(image.errorCode == "image-corrupt");
    }
}

TEST_CASE("a captured disk is an image like any other", "[conductor][capture]")
{
    World world;
    world.nodeIn(State::Active, "golden");
    capture(world, "golden", "copy");
    CHECK(world.stateOf("golden") == State::Servicing);
    CHECK(world.core->catalogue.get("copy", {}).state == model::ImageState::Importing);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("golden") == State::Active);
    CHECK(world.node("golden").power == model::PowerState::On);
    const model::Image image = world.core->catalogue.get("copy", {});
    CHECK(image.state == model::ImageState::Ready);
    CHECK(image.sourceFormat == "capture");
    CHECK(image.sizeBytes == 4U << 20U);
    CHECK(world.hasEvent("golden", "image.captured"));
    world.nodeIn(State::Available, "other");
    world.deploy("other", "copy");
    world.runUntilIdle(5s);
    CHECK(world.stateOf("other") == State::Active);
}

TEST_CASE("impossible captures are refused", "[conductor][capture]")
{
    World world;
    world.nodeIn(State::Active, "golden");
    CHECK(refusalOf([&] { capture(world, "golden", "debian"); }) == ErrorCode::Conflict);
    CHECK(refusalOf([&] { capture(world, "golden", "a/../b"); }) == ErrorCode::InvalidInput);
    CHECK(refusalOf([&] { capture(world, "nobody", "x"); }) == ErrorCode::NotFound);
    for (const model::ImageKind kind : {model::ImageKind::Tree, model::ImageKind::Ramdisk}) // it is simulated
        CHECK(refusalOf([&] {
                  conductor::beginCapture(world.core->context, "golden",
                                          {.name = "x", .rootDeviceJson = {}, .kind = kind}, "alice");
              }) == ErrorCode::InvalidInput);
    world.nodeIn(State::Available, "idle");
    CHECK(refusalOf([&] { capture(world, "idle", "x"); }) == ErrorCode::InvalidTransition);
    capture(world, "golden", "one");
    CHECK(refusalOf([&] { capture(world, "golden", "two"); }) == ErrorCode::NodeLocked);
    world.nodeIn(State::Active, "kept");
    world.core->nodes.update(
        "kept", [](model::Node& node) { node.maintenance = true; }, "alice");
    CHECK(refusalOf([&] { capture(world, "kept", "x"); }) == ErrorCode::Conflict);
}

TEST_CASE("a capture that fails starts the machine again, and its image has failed", "[conductor][capture]")
{
    World world;
    runningNode(world, R"({"fake_capture_fault": "disk-failed"})");
    capture(world, "golden", "copy");
    world.runUntilIdle(10s);
    CHECK(world.stateOf("golden") == State::Active);
    CHECK(world.node("golden").power == model::PowerState::On);
    CHECK(world.hasEvent("golden", "operation.returning"));
    const model::Image image = world.core->catalogue.get("copy", {});
    CHECK(image.state == model::ImageState::Failed);
    CHECK(image.errorCode == "disk-failed");
    const std::optional<model::Operation> operation = world.latestOperation("golden");
    REQUIRE(operation);
    CHECK(operation->errorCode == "disk-failed");
    CHECK(operation->state == model::OperationState::Failed);

    SECTION("its name may be used again")
    {
        world.core->nodes.update(
            "golden", [](model::Node& node) { node.driverInfo.text = "{}"; }, "alice");
        capture(world, "golden", "copy");
        world.runUntilIdle(5s);
        CHECK(world.core->catalogue.get("copy", {}).state == model::ImageState::Ready);
    }
}

TEST_CASE("an aborted capture starts the machine again", "[conductor][capture]")
{
    World world;
    runningNode(world, R"({"fake_capture_delay": "60"})");
    capture(world, "golden", "copy");
    world.runUntilIdle(3s);
    world.core->operations.abort("golden", "bob");
    world.runUntilIdle(10s);
    CHECK(world.stateOf("golden") == State::Active);
    CHECK(world.node("golden").power == model::PowerState::On);
    CHECK(world.core->catalogue.get("copy", {}).state == model::ImageState::Failed);
    CHECK(world.latestOperation("golden")->errorCode == "aborted");
}

TEST_CASE("bmd may be killed after every pass over a capture", "[conductor][capture][restart]")
{
    World world;
    runningNode(world, R"({"fake_capture_delay": "2", "fake_agent_delay": "1"})");
    capture(world, "golden", "copy");
    for (int i = 0; i < 200 && world.stateOf("golden") != State::Active; ++i) {
        world.runOnce();
        world.restart();
        world.core->catalogue.recover();
        world.core->catalogue.start();
        world.core->catalogue.stop();
        world.clock.advance(250ms);
    }
    CHECK(world.stateOf("golden") == State::Active);
    CHECK(world.core->catalogue.get("copy", {}).state == model::ImageState::Ready);
}

TEST_CASE("a deployment stores a signed report", "[conductor][report]")
{
    World world;
    world.nodeIn(State::Active, "golden");
    const std::optional<model::NodeReport> report = reportOf(world, "golden", "deploy");
    REQUIRE(report);
    CHECK_THAT(report->body.text, Contains(world.node("golden").id.uuid) && Contains("debian"));
    CHECK(conductor::verdictOn(world.core->context, *report) == "valid");
    SECTION("also after a restart")
    {
        world.restart();
        CHECK(conductor::verdictOn(world.core->context, *report) == "valid");
    }
    SECTION("a changed report is detected")
    {
        model::NodeReport changed = *report;
        changed.body.text.replace(changed.body.text.find("debian"), 6, "ubuntu");
        CHECK(conductor::verdictOn(world.core->context, changed) == "changed");
        changed = *report;
        changed.signature.front() = changed.signature.front() == 'a' ? 'b' : 'a';
        CHECK(conductor::verdictOn(world.core->context, changed) == "changed");
    }
    SECTION("a report of another key is detected")
    {
        model::NodeReport foreign = *report;
        const platform::SigningKey other;
        foreign.signature = other.sign(foreign.body.text);
        foreign.publicKey = other.publicKey();
        CHECK(conductor::verdictOn(world.core->context, foreign) == "foreign");
    }
}

TEST_CASE("only a disk that bm has written can be verified", "[conductor][report]")
{
    World world;
    world.nodeIn(State::Available, "idle");
    CHECK(refusalOf([&] { conductor::beginVerifyDisk(world.core->context, "idle", "alice"); }) ==
          ErrorCode::InvalidTransition);
    SECTION("the image is gone from the store: the machine keeps running")
    {
        world.nodeIn(State::Active, "golden");
        conductor::beginVerifyDisk(world.core->context, "golden", "alice");
        world.runUntilIdle(5s);
        CHECK(world.latestOperation("golden")->errorCode == "not-found");
        CHECK_FALSE(world.hasEvent("golden", "disk.verified"));
    }
    SECTION("the findings are in a report")
    {
        world.nodeIn(State::Active, "golden");
        capture(world, "golden", "copy");
        world.runUntilIdle(5s);
        world.nodeIn(State::Available, "other");
        world.core->nodes.update(
            "other", [](model::Node& node) { node.driverInfo.text = R"({"fake_changed_blocks": "3"})"; },
            "alice");
        world.deploy("other", "copy");
        world.runUntilIdle(5s);
        REQUIRE(world.stateOf("other") == State::Active);
        conductor::beginVerifyDisk(world.core->context, "other", "alice");
        world.runUntilIdle(5s);
        CHECK(world.stateOf("other") == State::Active);
        const std::optional<model::NodeReport> report = reportOf(world, "other", "verify");
        REQUIRE(report);
        CHECK_THAT(report->body.text, Contains(R"("blocks_changed":3)") && Contains(R"("blocks":4)"));
        CHECK(conductor::verdictOn(world.core->context, *report) == "valid");
    }
}
