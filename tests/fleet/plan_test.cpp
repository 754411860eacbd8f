#include "common/model/error.h"
#include "tests/fleet/fleet_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using namespace bm::test;
using model::PlanVerdict;

namespace {

model::ErrorCode codeOf(const std::function<void()>& act, std::string* hint = nullptr)
{
    try {
        act();
    } catch (const model::Error& error) {
        if (hint != nullptr)
            *hint = std::string(error.what()) + " | " + error.hint();
        return error.code();
    }
    FAIL("nothing was refused");
    return model::ErrorCode::Internal;
}

} // namespace

TEST_CASE("A plan has a verdict and a reason for each node")
{
    FleetWorld world;
    world.image("web-1");
    for (const char* name : {"web-1", "web-2", "web-3", "web-4", "web-5"})
        world.web(name);
    world.enrol("other");
    const auto set = [&](const std::string& name, const std::function<void(model::Node&)>& change) {
        world.core->nodes.update(name, change, "tester");
    };
    set("web-2", [](model::Node& n) {
        n.isProtected = true;
        n.protectedReason = "till";
    });
    world.core->nodes.setMaintenance("web-3", true, "fan", "tester");
    set("web-4", [](model::Node& n) { n.properties.text = R"({"cpu_arch":"aarch64","local_gb":100})"; });
    set("web-5", [](model::Node& n) { n.bootMode = "bios"; });
    world.core->catalogue.change("web-1", {}, [](model::Image& image) {
        image.architecture = "x86_64";
        image.bootMode = "uefi";
    });
    const auto why = [&](const std::string& node) { return world.nodeOf("p", node).node; };
    world.roll(R"("image": "web-1", "name": "p", "all": true, "plan": true)");

    CHECK(why("web-1").verdict == PlanVerdict::Write);
    CHECK(why("web-2").reasonCode == "node-protected");
    CHECK(why("web-2").reason == "protected: till");
    CHECK(why("web-3").reason == "in maintenance: fan");
    CHECK(why("web-4").reason == "wrong architecture: aarch64, the image is for x86_64");
    CHECK(why("web-5").reason == "wrong boot mode: bios as last seen, the image boots by uefi");
    CHECK(why("other").reason == "never seen");
    for (const char* refused : {"web-2", "web-3", "web-4", "web-5", "other"})
        CHECK(why(refused).verdict == PlanVerdict::Refuse);

    SECTION("a BMC that does not answer")
    {
        set("web-1",
            [](model::Node& n) { n.driverInfo.text = R"({"fake_power_fault": "bmc-unreachable"})"; });
        for (int look = 0; look < 3; ++look)
            world.core->powerSync.runOnce();
        world.roll(R"("image": "web-1", "name": "dead", "nodes": ["web-1"], "plan": true)");
        CHECK(world.nodeOf("dead", "web-1").node.reason == "BMC not answering");
    }
    SECTION("an image larger than the disk is refused")
    {
        world.core->catalogue.change("web-1", {}, [](model::Image& image) {
            image.architecture.clear();
            image.sizeBytes = std::uint64_t{200} << 30U;
        });
        world.roll(R"("image": "web-1", "name": "large", "nodes": ["web-4"], "plan": true)");
        CHECK(world.nodeOf("large", "web-4").node.reasonCode == "disk-too-small");
    }
    SECTION("a node that has the image is skipped unless forced")
    {
        world.deploy("web-1", "web-1");
        world.runUntilIdle();
        world.roll(R"("image": "web-1", "name": "again", "nodes": ["web-1"], "plan": true)");
        CHECK(world.nodeOf("again", "web-1").node.verdict == PlanVerdict::Skip);
        world.roll(R"("image": "web-1", "name": "forced", "nodes": ["web-1"], "plan": true, "force": true)");
        CHECK(world.nodeOf("forced", "web-1").node.verdict == PlanVerdict::Write);
        world.roll(
            R"("image": "web-1", "name": "young", "nodes": ["web-1"], "plan": true, "if_older_than": "1d")");
        CHECK(world.nodeOf("young", "web-1").node.verdict == PlanVerdict::Skip);
        world.clock.advance(std::chrono::hours{30});
        world.roll(
            R"("image": "web-1", "name": "old", "nodes": ["web-1"], "plan": true, "if_older_than": "1d")");
        CHECK(world.nodeOf("old", "web-1").node.verdict == PlanVerdict::Write);
    }
}

TEST_CASE("An unusable request for a plan is refused with a hint")
{
    FleetWorld world;
    world.image("web-1");
    world.web("web-1");
    world.web("web-2");
    std::string said;
    SECTION("unknown image or tag")
    {
        CHECK(codeOf([&] { world.roll(R"("image": "web:stable", "all": true)"); }, &said) ==
              model::ErrorCode::NotFound);
        CHECK(said.find("bm image tag") != std::string::npos);
    }
    SECTION("no node matches; the message names the condition")
    {
        CHECK(codeOf([&] { world.roll(R"("image": "web-1", "select": "class=web,rack=r9")"); }, &said) ==
              model::ErrorCode::InvalidInput);
        CHECK(said.find("class=web: 2 of 2, rack=r9: 0 of 2") != std::string::npos);
    }
    SECTION("everything matches")
    {
        CHECK(codeOf([&] { world.roll(R"("image": "web-1", "select": "class=web")"); }, &said) ==
              model::ErrorCode::InvalidInput);
        CHECK(said.find("the whole fleet, 2 nodes") != std::string::npos);
    }
    SECTION("an unknown node, too few for a count, nothing selected, unknown members")
    {
        CHECK(codeOf([&] { world.roll(R"("image": "web-1", "nodes": ["web-9"])"); }) ==
              model::ErrorCode::NotFound);
        CHECK(codeOf([&] { world.roll(R"("image": "web-1", "count": 3)"); }) == model::ErrorCode::Conflict);
        CHECK(codeOf([&] { world.roll(R"("image": "web-1")"); }) == model::ErrorCode::InvalidInput);
        CHECK(codeOf([&] { world.roll(R"("image": "web-1", "all": true, "speed": 9)"); }) ==
              model::ErrorCode::InvalidInput);
        CHECK(codeOf([&] { world.roll(R"("image": "web-1", "all": true, "max_fail": "many")"); }) ==
              model::ErrorCode::InvalidInput);
        CHECK(codeOf([&] {
                  world.roll(R"("image": "web-1", "all": true, "drain": {"command": "../../bin/sh"})");
              }) == model::ErrorCode::InvalidInput);
    }
}

TEST_CASE("A plan is started once, and only while the fleet is as it was")
{
    FleetWorld world;
    world.image("web-1");
    world.web("web-1");
    world.web("web-2");
    world.roll(R"("image": "web-1", "name": "p", "all": true, "plan": true)");
    std::string said;
    SECTION("two operators start it")
    {
        world.core->rollouts.start("p", "anna");
        CHECK(codeOf([&] { world.core->rollouts.start("p", "ben"); }, &said) == model::ErrorCode::Conflict);
        CHECK(said.find("by anna") != std::string::npos);
        CHECK(world.reaches("p", "done"));
    }
    SECTION("a node has entered maintenance since")
    {
        world.core->nodes.setMaintenance("web-2", true, "", "tester");
        CHECK(codeOf([&] { world.core->rollouts.start("p", "anna"); }, &said) == model::ErrorCode::Conflict);
        CHECK(said.find("web-2: write -> refuse (in maintenance)") != std::string::npos);
        CHECK(world.stateOfRollout("p") == "planned");
    }
    SECTION("another rollout has taken a node since")
    {
        world.roll(R"("image": "web-1", "name": "q", "nodes": ["web-2"])");
        CHECK(codeOf([&] { world.core->rollouts.start("p", "anna"); }, &said) == model::ErrorCode::Conflict);
        CHECK(said.find("in rollout q") != std::string::npos);
    }
    SECTION("a count selects that many available nodes")
    {
        world.roll(R"("image": "web-1", "name": "one", "count": 1, "plan": true)");
        CHECK(world.nodesOf("one") == "web-1 planned");
    }
}

TEST_CASE("Tags move and have a history")
{
    FleetWorld world;
    const model::Image first = world.image("web-1", 'a');
    const model::Image second = world.image("web-2", 'b');
    world.core->tags.set("web:stable", "web-1", "anna");
    CHECK(world.core->catalogue.get("web:stable", {}).id == first.id);
    world.core->tags.set("web:stable", "web-2", "ben");
    world.core->tags.set("web:stable", "web-2", "ben"); // again: no change
    CHECK(world.core->catalogue.get("web:stable", {}).id == second.id);
    const auto history = world.core->tags.history("web:stable", {});
    REQUIRE(history.size() == 2);
    CHECK(history[0].imageName == "web-2");
    CHECK(history[1].actor == "anna");
    CHECK(codeOf([&] { world.core->tags.set("stable", "web-1", "anna"); }) == model::ErrorCode::InvalidInput);
    CHECK(codeOf([&] { world.core->tags.history("web:old", {}); }) == model::ErrorCode::NotFound);
    SECTION("an image with a tag cannot be deleted")
    {
        std::string said;
        CHECK(codeOf([&] { world.core->catalogue.remove("web-2", {}, "anna"); }, &said) ==
              model::ErrorCode::ImageInUse);
        CHECK(said.find("bm image untag web:stable") != std::string::npos);
        world.core->tags.remove("web:stable", "anna");
        world.core->catalogue.remove("web-2", {}, "anna");
        CHECK(world.core->tags.history("web:stable", {}).front().image.empty());
    }
}
