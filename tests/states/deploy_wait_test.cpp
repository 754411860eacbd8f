#include "conductor/core/nodes.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

wire::AgentStepReport report(const wire::AgentExchangeAnswer& instruction, wire::AgentStepState state)
{
    wire::AgentStepReport made;
    made.id = instruction.step->id;
    made.state = state;
    return made;
}

/// The agent is up and has the order write_image.
struct Writing {
    World world;
    World::Agent agent;
    wire::AgentExchangeAnswer instruction;

    Writing()
    {
        world.nodeIn(State::WaitCallback);
        agent = world.bootAgent("node-1");
        world.exchange(agent, {}, true);
        world.runUntilIdle(1s);
        instruction = world.exchange(agent);
        REQUIRE(instruction.step);
    }
};

} // namespace

TEST_CASE("a node waiting for its agent", "[conductor][deploy-wait]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    REQUIRE(world.stateOf("node-1") == State::WaitCallback);
    SECTION("continues when the agent calls back")
    {
        const World::Agent agent = world.bootAgent("node-1");
        world.exchange(agent, {}, true);
        world.runUntilIdle(1s);
        CHECK(world.hasEvent("node-1", "agent.contact"));
        CHECK(world.node("node-1").bootMode == "bios");
        const wire::AgentExchangeAnswer instruction = world.exchange(agent);
        REQUIRE(instruction.step);
        CHECK(instruction.step->name == "write_image");
        CHECK_THAT(instruction.step->arguments.text, Catch::Contains("manifest_url"));
    }
    SECTION("fails with deadline-exceeded when it never does")
    {
        world.clock.advance(conductor::Settings{}.callbackTimeout + 1s);
        world.runOnce();
        CHECK(world.stateOf("node-1") == State::DeployFailed);
        CHECK(world.node("node-1").lastErrorCode == "deadline-exceeded");
        CHECK_THAT(world.node("node-1").lastErrorHint, Catch::Contains("timeline"));
    }
    SECTION("is aborted at once")
    {
        world.core->operations.abort("node-1", "alice");
        world.runUntilIdle(1s);
        CHECK(world.stateOf("node-1") == State::DeployFailed);
        CHECK(world.node("node-1").lastErrorCode == "aborted");
    }
    SECTION("is aborted by Ironic's verb too")
    {
        world.verb("node-1", model::StateEvent::Abort);
        world.runUntilIdle(1s);
        CHECK(world.stateOf("node-1") == State::DeployFailed);
    }
    SECTION("still waits after a restart, until the same deadline")
    {
        world.restart();
        world.runUntilIdle(1s);
        CHECK(world.stateOf("node-1") == State::WaitCallback);
        world.clock.advance(conductor::Settings{}.callbackTimeout);
        world.runOnce();
        CHECK(world.stateOf("node-1") == State::DeployFailed);
    }
}

TEST_CASE("an agent that writes the image", "[conductor][agent]")
{
    Writing w;
    SECTION("gets that image's blocks, and no other's")
    {
        const conductor::AgentService& agents = w.world.core->agents;
        const std::string other = w.world.image("other", 'e').contentId;
        const auto refusal = [&](const std::string& token, const std::string& content) {
            try {
                agents.authorizeContent(token, content);
            } catch (const model::Error& error) {
                return error.code();
            }
            return model::ErrorCode::Internal;
        };
        CHECK_NOTHROW(agents.authorizeContent(w.agent.token, std::string(64, 'c')));
        CHECK(refusal(w.agent.token, other) == model::ErrorCode::NotFound);
        CHECK(refusal(w.agent.token, "../secrets/key") == model::ErrorCode::NotFound);
        CHECK(refusal(std::string(64, '0'), std::string(64, 'c')) == model::ErrorCode::Unauthorized);
        CHECK(refusal("", std::string(64, 'c')) == model::ErrorCode::Unauthorized);
        w.world.core->operations.abort("node-1", "alice");
        w.world.runUntilIdle(1s);
        CHECK_THROWS_AS(agents.authorizeContent(w.agent.token, std::string(64, 'c')), model::Error);
    }
    SECTION("gets the step until it reports")
    {
        CHECK(w.world.exchange(w.agent).step->id == w.instruction.step->id);
        wire::AgentStepReport running = report(w.instruction, wire::AgentStepState::Running);
        running.bytesDone = 1U << 20U;
        CHECK(w.world.exchange(w.agent, running).step);
        CHECK(w.world.steps("node-1").at(6).bytesDone == 1U << 20U);
        wire::AgentStepReport done = report(w.instruction, wire::AgentStepState::Done);
        done.result.text = R"({"disk": {"serial": "WD-1", "wwn": "0x5"}})";
        CHECK_FALSE(w.world.exchange(w.agent, done).step);
        CHECK_FALSE(w.world.exchange(w.agent, done).step);
        w.world.runUntilIdle(5s);
        CHECK(w.world.stateOf("node-1") == State::Active);
        CHECK_THAT(w.world.node("node-1").driverInternalInfo.text, Catch::Contains("WD-1"));
    }
    SECTION("that fails fails the deployment with its code and hint")
    {
        wire::AgentStepReport failed = report(w.instruction, wire::AgentStepState::Failed);
        failed.error = wire::AgentError{"disk-ambiguous", "two disks", "hint: serial"};
        w.world.exchange(w.agent, failed);
        w.world.runUntilIdle(1s);
        CHECK(w.world.stateOf("node-1") == State::DeployFailed);
        CHECK(w.world.node("node-1").lastErrorCode == "disk-ambiguous");
        CHECK(w.world.node("node-1").lastErrorHint == "hint: serial");
    }
    SECTION("that falls silent fails it too")
    {
        w.world.clock.advance(conductor::Settings{}.agentSilence + 2s);
        w.world.runUntilIdle(1s);
        CHECK(w.world.stateOf("node-1") == State::DeployFailed);
        CHECK(w.world.node("node-1").lastErrorCode == "agent-failed");
    }
    SECTION("continues after a restart of bmd that took longer than the limit of its silence")
    {
        w.world.clock.advance(conductor::Settings{}.agentSilence + 60s);
        w.world.restart();
        w.world.runUntilIdle(1s);
        CHECK(w.world.stateOf("node-1") == State::WaitCallback);
        const wire::AgentExchangeAnswer again = w.world.exchange(w.agent);
        REQUIRE(again.step);
        CHECK(again.step->id == w.instruction.step->id);
    }
    SECTION("is stopped by an abort")
    {
        w.world.core->operations.abort("node-1", "alice");
        CHECK(w.world.exchange(w.agent, report(w.instruction, wire::AgentStepState::Running)).abort);
        w.world.runUntilIdle(1s);
        CHECK(w.world.stateOf("node-1") == State::DeployFailed);
    }
    SECTION("is fast-tracked into the next deployment without another boot")
    {
        wire::AgentStepReport failed = report(w.instruction, wire::AgentStepState::Failed);
        failed.error = wire::AgentError{"disk-ambiguous", "", ""};
        w.world.exchange(w.agent, failed);
        w.world.runUntilIdle(1s);
        w.world.exchange(w.agent);
        w.world.deploy("node-1");
        w.world.runUntilIdle(2s);
        CHECK(w.world.hasEvent("node-1", "boot.fast-track"));
        const wire::AgentExchangeAnswer next = w.world.exchange(w.agent);
        REQUIRE(next.step);
        CHECK(next.step->id != w.instruction.step->id);
    }
}

TEST_CASE("the boot secret is traded once", "[conductor][agent][security]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    const World::Agent agent = world.bootAgent("node-1");
    const auto lookup = [&](const std::string& secret, const std::string& nonce) {
        return world.core->agents.lookup({agent.mac}, agent.uuid, secret, nonce, "192.0.2.9").token;
    };
    SECTION("the same nonce asking again gets the same token, over a restart too")
    {
        CHECK(lookup(agent.secret, agent.nonce) == agent.token);
        world.restart();
        CHECK(lookup(agent.secret, agent.nonce) == agent.token);
    }
    SECTION("another nonce is refused and reported")
    {
        CHECK_THROWS_AS(lookup(agent.secret, "bb22"), model::Error);
        CHECK(world.hasEvent("node-1", "agent.refused"));
    }
    SECTION("a wrong secret is refused")
    {
        CHECK_THROWS_AS(lookup(std::string(64, '0'), agent.nonce), model::Error);
        CHECK_THROWS_AS(lookup("", agent.nonce), model::Error);
    }
    SECTION("a node without a wait gives no token")
    {
        world.core->operations.abort("node-1", "a");
        world.runUntilIdle(1s);
        world.nodeIn(State::Available, "node-2");
        CHECK_THROWS_AS(
            world.core->agents.lookup({}, world.node("node-2").id.uuid, agent.secret, agent.nonce, "x"),
            model::Error);
    }
    SECTION("a wrong token is refused")
    {
        World::Agent thief = agent;
        thief.token = std::string(64, '0');
        CHECK_THROWS_AS(world.exchange(thief), model::Error);
        CHECK_THROWS_AS(world.core->agents.configDrive(agent.uuid, thief.token, "192.0.2.9"), model::Error);
        CHECK_THROWS_AS(world.core->agents.authorizeAny(thief.token), model::Error);
        CHECK_NOTHROW(world.core->agents.authorizeAny(agent.token));
    }
    SECTION("only the known machine gets the config drive")
    {
        CHECK_THROWS_AS(world.core->agents.configDrive(agent.uuid, agent.token, "192.0.2.9"), model::Error);
        world.exchange(agent, {}, true);
        CHECK(world.core->agents.configDrive(agent.uuid, agent.token, "192.0.2.9").size() > 1024);
    }
}

TEST_CASE("the configuration drive goes to the holder of the machine's lease", "[conductor][agent][security]")
{
    const platform::TemporaryFolder folder;
    conductor::Settings settings;
    settings.configDriveLevel = conductor::ConfigDriveLevel::Lease;
    settings.leaseFile = folder.path() / "dnsmasq.leases";
    World world(settings);
    world.nodeIn(State::WaitCallback);
    const std::string mac = world.core->database.read([](db::Transaction& tx) {
        return db::PortRepository{}.ofNode(tx, conductor::findNode(tx, "node-1").id).front().mac.text;
    });
    platform::writeFileAtomically(settings.leaseFile,
                                  "0 " + mac + " 192.0.2.7 * *\n"); // where it gets its script
    const World::Agent agent = world.bootAgent("node-1");
    world.exchange(agent, {}, true);
    std::filesystem::remove(settings.leaseFile);
    const auto drive = [&](const std::string& address) {
        return world.core->agents.configDrive(agent.uuid, agent.token, address).size();
    };
    const auto refused = [&](const std::string& address) {
        try {
            drive(address);
        } catch (const model::Error& error) {
            return error.code() == model::ErrorCode::Forbidden &&
                   error.message().find(agent.mac) == std::string::npos;
        }
        return false;
    };
    CHECK(refused("192.0.2.9")); // no lease file yet
    platform::writeFileAtomically(settings.leaseFile,
                                  "0 " + agent.mac + " 192.0.2.9 * *\n0 52:54:00:99:99:99 192.0.2.66 * *\n");
    CHECK(drive("192.0.2.9") > 1024);
    CHECK(refused("192.0.2.66")); // a neighbour with a lease of its own
    CHECK(refused("192.0.2.67"));
    platform::writeFileAtomically(settings.leaseFile, "1 " + agent.mac + " 192.0.2.9 * *\n"); // expired
    CHECK(refused("192.0.2.9"));
}

TEST_CASE("level proved hands the configuration drive to nobody over PXE", "[conductor][agent][security]")
{
    conductor::Settings settings;
    settings.configDriveLevel = conductor::ConfigDriveLevel::Proved;
    World world(settings);
    const model::Node node = world.nodeIn(State::Available);
    CHECK_THROWS_WITH(world.deploy(node.name), Catch::Contains("configuration drive"));
}
