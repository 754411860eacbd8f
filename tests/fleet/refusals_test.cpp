// The plan of a rollout and the operation refuse the same deployments for the same reasons.
#include "common/model/error.h"
#include "conductor/operations/operations.h"
#include "tests/fleet/fleet_world.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace bm;
using namespace bm::test;
using model::ImageKind;
using model::JsonText;
using model::PlanVerdict;
using model::State;

namespace {

struct Refusal {
    std::string code; ///< "": none
    std::string message;
};

/// The operation's answer; stores nothing.
Refusal operationRefusal(World& world, const std::string& node, const conductor::DeployRequest& request)
{
    struct Undo {};
    try {
        world.core->database.write([&](db::Transaction& tx) {
            conductor::Operations::provisionWithin(tx, world.core->context, node, request, "tester", {});
            throw Undo{};
        });
    } catch (const Undo&) {
        return {};
    } catch (const model::Error& refusal) {
        return {std::string(model::toText(refusal.code())), refusal.message()};
    }
    return {};
}

void imageOfKind(World& world, ImageKind kind)
{
    model::Image image = world.core->catalogue.get("new", {});
    image.kind = kind;
    image.description.text = "{}";
    if (kind == ImageKind::Tree)
        image.description.text = R"({"kernels":["6.1.0"]})";
    if (kind == ImageKind::Ramdisk)
        image.description.text = R"({"initrd":[{"bytes":1,"offset":1}],"kernel":{"bytes":1,"offset":0}})";
    world.core->database.write([&](db::Transaction& tx) { db::ImageRepository{}.update(tx, image); });
}

struct Option {
    std::string member; ///< of "deploy"
    std::string kinds;  ///< that accept it
    conductor::DeployRequest request{};
};

std::vector<Option> options()
{
    std::vector<Option> all{{R"("grow_last_partition": true)", "disk tree ramdisk"}};
    const auto add = [&](const std::string& member, const std::string& kinds) -> wire::DeployOptions& {
        all.push_back({member, kinds});
        return all.back().request.options;
    };
    add(R"("layout": "plain")", "tree").layout = JsonText{R"("plain")"};
    add(R"("layout": "no-such")", "").layout = JsonText{R"("no-such")"};
    add(R"("preserve": ["/srv"])", "").preserve = {"/srv"};
    add(R"("more_disks": [{"serial": "B"}])", "disk").moreDisks = {JsonText{R"({"serial":"B"})"}};
    add(R"("kernel_arguments": "quiet")", "ramdisk").kernelArguments = "quiet";
    add(R"("kernel_arguments": "{iso}")", "").kernelArguments = "{iso}";
    add(R"("root_device": {"serial": "A"})", "disk tree").rootDevice = JsonText{R"({"serial":"A"})"};
    add(R"("full": true)", "disk tree").full = true;
    add(R"("kexec": true)", "disk tree").kexec = true;
    return all;
}

} // namespace

TEST_CASE("a plan refuses the options that the operation refuses, of every kind of image", "[fleet][plan]")
{
    for (const std::string_view key : wire::deployOptionKeys()) {
        INFO(key);
        CHECK(std::ranges::any_of(options(), [&](const Option& option) {
            return option.member.starts_with("\"" + std::string(key) + "\"");
        }));
    }
    FleetWorld world;
    world.image("new");
    world.web("web-1");
    int number = 0;
    for (const ImageKind kind : {ImageKind::Disk, ImageKind::Tree, ImageKind::Ramdisk}) {
        imageOfKind(world, kind);
        for (Option option : options()) {
            INFO(model::toText(kind) << " with " << option.member);
            const std::string name = "p" + std::to_string(++number);
            world.roll(R"("image": "new", "nodes": ["web-1"], "plan": true, "name": ")" + name +
                       R"(", "deploy": {)" + option.member + "}");
            option.request.image = "new";
            const model::RolloutNode planned = world.nodeOf(name, "web-1").node;
            const Refusal refusal = operationRefusal(world, "web-1", option.request);
            CHECK(planned.reasonCode == refusal.code);
            CHECK(planned.reason == refusal.message);
            CHECK((planned.verdict == PlanVerdict::Write) == refusal.code.empty());
            const bool taken =
                (" " + option.kinds + " ").find(" " + std::string(model::toText(kind)) + " ") !=
                std::string::npos;
            if (option.member.find("preserve") == std::string::npos) // depends on the layout's volumes
                CHECK(refusal.code.empty() == taken);
            world.core->rollouts.remove(name, "tester");
        }
    }
}

TEST_CASE("a plan writes the nodes in the states from which the operation starts a deployment",
          "[fleet][plan]")
{
    FleetWorld world;
    world.image("new");
    world.web("web-1");
    for (std::size_t i = 0; i < model::kStateCount; ++i) {
        model::Node node = world.node("web-1");
        node.state = static_cast<State>(i);
        node.instanceInfo.text = "{}";
        world.core->database.write([&](db::Transaction& tx) { db::NodeRepository{}.update(tx, node); });
        INFO(model::toText(node.state));
        const std::string name = "s" + std::to_string(i);
        world.roll(R"("image": "new", "nodes": ["web-1"], "plan": true, "allow_unseen": true, "name": ")" +
                   name + "\"");
        conductor::DeployRequest request;
        request.image = "new";
        CHECK(world.nodeOf(name, "web-1").node.reasonCode == operationRefusal(world, "web-1", request).code);
        world.core->rollouts.remove(name, "tester");
    }
}

TEST_CASE("a node gets its previous image back without the options of the rollout's image", "[fleet][gates]")
{
    FleetWorld world;
    world.image("old", 'a');
    world.image("new", 'b');
    imageOfKind(world, ImageKind::Tree);
    world.web("web-1");
    world.deploy("web-1", "old");
    world.runUntilIdle();
    REQUIRE(world.stateOf("web-1") == State::Active);
    world.roll(R"("image": "new", "name": "r", "nodes": ["web-1"], "deploy": {"layout": "plain"}, "health":
        {"deadline": "20s", "tcp": 1, "on_failure": "restore"})");
    REQUIRE(world.reaches("r", "failed"));
    INFO(world.nodeOf("r", "web-1").node.reason);
    CHECK(world.nodeOf("r", "web-1").node.reason.find("the previous image is back") != std::string::npos);
    CHECK(world.node("web-1").instanceInfo.text.find("\"image_source\":\"old\"") != std::string::npos);
}
