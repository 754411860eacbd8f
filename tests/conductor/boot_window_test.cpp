// Boot windows under attack: who gets a script once an agent has called, and what a restarted machine gets.
#include "common/platform/files.h"
#include "conductor/core/nodes.h"
#include "tests/support/world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

using namespace bm;
using Catch::Matchers::Contains;
using model::ErrorCode;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

constexpr const char* kMachine = "192.0.2.7"; // where World's agents call from
constexpr const char* kStranger = "192.0.2.66";
constexpr std::chrono::milliseconds kGone = 31s;

ErrorCode thrownCode(const std::function<void()>& act)
{
    try {
        act();
    } catch (const model::Error& error) {
        CHECK_FALSE(error.message().empty());
        return error.code();
    }
    FAIL("no error was thrown");
    return ErrorCode::Internal;
}

/// node-1 is being deployed: its agent has called and writes the image.
struct Deployment {
    World world;
    World::Agent agent;
    std::string step; ///< the id of write_image

    explicit Deployment(const conductor::Settings& settings = {}) : world(settings)
    {
        world.nodeIn(State::WaitCallback);
        agent = world.bootAgent("node-1");
        work();
    }

    /// The agent calls, and gets the order write_image.
    void work()
    {
        world.exchange(agent, {}, true);
        world.runUntilIdle(1s);
        const wire::AgentExchangeAnswer answer = world.exchange(agent);
        REQUIRE(answer.step);
        REQUIRE(answer.step->name == "write_image");
        step = answer.step->id;
    }
    std::string fetch(const std::string& address = kMachine)
    {
        return world.core->boots.script(agent.mac, "pcbios", address);
    }
    bool getsSecret(const std::string& address = kMachine)
    {
        return fetch(address).find("bm.secret=") != std::string::npos;
    }
    std::size_t count(const std::string& kind) const
    {
        const std::vector<model::NodeEvent> events = world.events("node-1");
        return static_cast<std::size_t>(std::ranges::count(events, kind, &model::NodeEvent::kind));
    }
    /// The agent dies; the machine starts by itself, and asks for its script.
    void restartMachine()
    {
        world.clock.advance(kGone);
        CHECK_FALSE(getsSecret());
        world.runUntilIdle(5s);
    }
    void finish()
    {
        wire::AgentStepReport done;
        done.id = step;
        done.state = wire::AgentStepState::Done;
        world.exchange(agent, done);
        world.runUntilIdle(10s);
    }
    /// The BMC fails from now on, or works again. Operators cannot change a node during an operation.
    void setPowerFault(const std::string& fault)
    {
        world.core->database.write([&](db::Transaction& tx) {
            model::Node node = conductor::findNode(tx, "node-1");
            node.driverInfo.text = R"({"fake_agent_delay": "never", "fake_power_fault": ")" + fault + "\"}";
            db::NodeRepository{}.update(tx, node);
        });
    }
    /// The machine has restarted, and its BMC refuses bm.
    void restartWithoutPower()
    {
        setPowerFault("bmc-auth-failed");
        restartMachine();
        REQUIRE(count("boot.reboot-wanted") == 1);
        REQUIRE(world.stateOf("node-1") == State::WaitCallback);
    }
};

} // namespace

TEST_CASE("Until an agent has called, each fetch gets a script with a new secret",
          "[conductor][boot][security]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    const World::Agent traded = world.bootAgent("node-1"); // its machine dies before it calls
    const World::Agent next = world.bootAgent("node-1");
    CHECK_FALSE(next.secret.empty());
    CHECK(next.secret != traded.secret);
    CHECK(thrownCode([&] { world.exchange(traded); }) == ErrorCode::Unauthorized);
    CHECK_NOTHROW(world.exchange(next));
    CHECK_FALSE(world.hasEvent("node-1", "boot.closed"));
}

TEST_CASE("Once a secret was traded and its agent has called, nobody gets a script",
          "[conductor][boot][security]")
{
    Deployment d;
    SECTION("the stranger's script waits; agent and machine are left alone, however often it asks")
    {
        for (int i = 0; i < 30; ++i) { // two and a half minutes
            d.world.clock.advance(5s);
            const std::string script = d.fetch(kStranger);
            CHECK_THAT(script, !Contains("bm.secret") && !Contains("kernel ") && Contains("sleep 10"));
            d.world.runUntilIdle(0ms);
            const wire::AgentExchangeAnswer answer = d.world.exchange(d.agent);
            REQUIRE(answer.step);
            CHECK(answer.step->id == d.step);
        }
        CHECK(d.count("boot.closed") >= 1);
        CHECK(d.count("boot.restarted") == 0);
        d.finish();
        CHECK(d.world.stateOf("node-1") == State::Active);
    }
    SECTION("one event for many requests between two calls of the agent")
    {
        d.world.clock.advance(1s);
        for (int i = 0; i < 10; ++i)
            CHECK_FALSE(d.getsSecret(kStranger));
        CHECK(d.count("boot.closed") == 1);
    }
    SECTION("its secret gives no second token")
    {
        CHECK(thrownCode([&] {
                  d.world.core->agents.lookup({d.agent.mac}, d.agent.uuid, d.agent.secret, "bb22", kStranger);
              }) == ErrorCode::Forbidden);
    }
    SECTION("over a restart of bmd, too")
    {
        d.world.restart();
        CHECK_FALSE(d.getsSecret(kStranger));
    }
    SECTION("a silent agent alone switches nothing: the step fails as before")
    {
        d.world.clock.advance(conductor::Settings{}.agentSilence + 2s);
        d.world.runUntilIdle(1s);
        CHECK(d.count("boot.restarted") == 0);
        CHECK(d.world.node("node-1").lastErrorCode == "agent-failed");
    }
    SECTION("a restart of bmd is not the agent's silence")
    {
        d.world.clock.advance(60s);
        d.world.restart();
        CHECK_FALSE(d.getsSecret(kStranger));
        d.world.runUntilIdle(2s);
        CHECK(d.count("boot.restarted") == 0);
        CHECK(d.world.exchange(d.agent).step->id == d.step);
    }
    SECTION("an agent that calls again in time stops the restart")
    {
        d.world.clock.advance(kGone);
        CHECK_FALSE(d.getsSecret(kStranger));
        d.world.exchange(d.agent);
        d.world.runUntilIdle(2s);
        CHECK(d.count("boot.restarted") == 0);
    }
    SECTION("without an operation the machine is sent to its own disk")
    {
        wire::AgentStepReport failed;
        failed.id = d.step;
        failed.state = wire::AgentStepState::Failed;
        failed.error = wire::AgentError{"disk-failed", "no disk answers", "check the cabling"};
        d.world.exchange(d.agent, failed);
        d.world.runUntilIdle(2s);
        REQUIRE(d.world.stateOf("node-1") == State::DeployFailed);
        CHECK_THAT(d.fetch(), Contains("own disk") && !Contains("bm.secret"));
        CHECK_NOTHROW(d.world.exchange(d.agent)); // it is there for the next operation
    }
}

TEST_CASE("bm switches a machine that has restarted, and opens a new window, three times at most",
          "[conductor][boot][security]")
{
    Deployment d;
    const World::Agent first = d.agent;
    const std::string id = d.step;
    for (std::size_t n = 1; n <= 3; ++n) {
        const std::size_t offs = d.count("power.off");
        d.restartMachine();
        CHECK(d.count("boot.restarted") == n);
        CHECK(d.count("power.off") == offs + 1);
        CHECK(d.world.stateOf("node-1") == State::WaitCallback);
        CHECK(thrownCode([&] { d.world.exchange(first); }) == ErrorCode::Unauthorized);
        d.agent = d.world.bootAgent("node-1");
        d.work();
        CHECK(d.step == id); // the same step, done again
    }
    SECTION("then the operation goes on")
    {
        d.finish();
        CHECK(d.world.stateOf("node-1") == State::Active);
    }
    SECTION("the fourth restart ends it with a code and a hint")
    {
        d.restartMachine();
        CHECK(d.world.stateOf("node-1") == State::DeployFailed);
        CHECK(d.world.node("node-1").lastErrorCode == "rebooted-too-often");
        CHECK_FALSE(d.world.node("node-1").lastErrorHint.empty());
        CHECK(d.count("boot.restarted") == 3);
    }
    SECTION("the count is the operation's, over restarts of bmd")
    {
        d.world.restart();
        d.world.exchange(d.agent);
        d.restartMachine();
        CHECK(d.world.node("node-1").lastErrorCode == "rebooted-too-often");
    }
}

TEST_CASE("bmd may be killed while it boots a restarted machine again", "[conductor][boot][restart]")
{
    Deployment d;
    d.world.clock.advance(kGone);
    CHECK_FALSE(d.getsSecret());
    for (int i = 0; i < 6; ++i) {
        d.world.runOnce();
        d.world.restart();
        d.world.clock.advance(250ms);
    }
    d.world.runUntilIdle(20s); // bm orders power again that the simulated BMC forgot
    CHECK(d.count("boot.restarted") == 1);
    d.agent = d.world.bootAgent("node-1");
    d.work();
    d.finish();
    CHECK(d.world.stateOf("node-1") == State::Active);
}

TEST_CASE("Where bm cannot switch power, reboot-ok opens the window", "[conductor][boot][security]")
{
    Deployment d;
    d.restartWithoutPower();
    SECTION("until then nobody gets a script, however long it takes")
    {
        d.world.clock.advance(2h);
        d.world.runUntilIdle(1s);
        CHECK_FALSE(d.getsSecret());
        d.world.restart();
        d.world.runUntilIdle(1s);
        CHECK_FALSE(d.getsSecret(kStranger));
        CHECK(d.world.stateOf("node-1") == State::WaitCallback);
        CHECK(d.count("boot.reboot-wanted") == 1);
        d.world.core->operations.allowReboot("node-1", "alice");
        d.world.runUntilIdle(2s);
        CHECK(d.count("boot.reboot-ok") == 1);
        const World::Agent old = d.agent;
        d.agent = d.world.bootAgent("node-1");
        CHECK_FALSE(d.agent.secret.empty());
        d.work();
        CHECK(thrownCode([&] { d.world.exchange(old); }) == ErrorCode::Unauthorized);
        CHECK_FALSE(d.getsSecret(kStranger)); // closed again
        CHECK(thrownCode([&] { d.world.core->operations.allowReboot("node-1", "alice"); }) ==
              ErrorCode::Conflict);
    }
    SECTION("the operation's message names the command")
    {
        const std::vector<model::Step> steps = d.world.steps("node-1");
        const auto boot = std::ranges::find(steps, "expect_boot", &model::Step::name);
        REQUIRE(boot != steps.end());
        CHECK_THAT(boot->message, Contains("bm node reboot-ok node-1"));
    }
    SECTION("an agent that calls again ends the wait")
    {
        d.world.exchange(d.agent);
        d.world.runUntilIdle(3s);
        const wire::AgentExchangeAnswer answer = d.world.exchange(d.agent);
        REQUIRE(answer.step);
        CHECK(answer.step->id == d.step);
    }
    SECTION("an abort ends it")
    {
        d.world.core->operations.abort("node-1", "alice");
        d.world.runUntilIdle(1s);
        CHECK(d.world.node("node-1").lastErrorCode == "aborted");
    }
}

TEST_CASE("reboot-ok is refused where nothing waits for it", "[conductor][boot]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    world.nodeIn(State::Available, "node-2");
    for (const char* node : {"node-1", "node-2"})
        CHECK(thrownCode([&] { world.core->operations.allowReboot(node, "alice"); }) == ErrorCode::Conflict);
    CHECK(thrownCode([&] { world.core->operations.allowReboot("ghost", "alice"); }) == ErrorCode::NotFound);
}

TEST_CASE("An agent that does not hold the machine's lease ends when the machine asks",
          "[conductor][boot][security]")
{
    const platform::TemporaryFolder folder;
    conductor::Settings settings;
    settings.leaseFile = folder.path() / "dnsmasq.leases";
    Deployment d(settings); // the stranger at kMachine was faster
    const std::string owner = "192.0.2.9";
    platform::writeFileAtomically(settings.leaseFile, "0 " + d.agent.mac + " " + owner + " * *\n");
    d.world.clock.advance(1s);
    CHECK_FALSE(d.getsSecret(kStranger)); // proves nothing
    CHECK_NOTHROW(d.world.exchange(d.agent));
    d.world.clock.advance(1s);
    CHECK_FALSE(d.getsSecret(owner));
    CHECK(thrownCode([&] { d.world.exchange(d.agent); }) == ErrorCode::Unauthorized);
    CHECK(thrownCode([&] {
              d.world.core->agents.lookup({d.agent.mac}, d.agent.uuid, d.agent.secret, d.agent.nonce,
                                          kMachine);
          }) == ErrorCode::Forbidden);
    d.world.clock.advance(kGone);
    CHECK_FALSE(d.getsSecret(owner));
    d.world.runUntilIdle(5s);
    CHECK(d.count("boot.restarted") == 1);
    CHECK(d.getsSecret(owner));
}

TEST_CASE("Only the holder of the machine's lease gets a script where drives want a lease",
          "[conductor][boot][security]")
{
    using Level = conductor::ConfigDriveLevel;
    const platform::TemporaryFolder folder;
    const Level level = GENERATE(Level::Window, Level::Lease);
    conductor::Settings settings;
    settings.configDriveLevel = level;
    settings.leaseFile = folder.path() / "dnsmasq.leases";
    World world(settings);
    world.nodeIn(State::WaitCallback);
    const std::string mac = world.core->database.read([](db::Transaction& tx) {
        return db::PortRepository{}.ofNode(tx, conductor::findNode(tx, "node-1").id).front().mac.text;
    });
    const auto getsSecret = [&](const std::string& address) {
        return world.core->boots.script(mac, "efi", address).find("bm.secret=") != std::string::npos;
    };
    const bool byMac = level == Level::Window;
    CHECK(getsSecret(kMachine) == byMac); // no lease at all
    platform::writeFileAtomically(settings.leaseFile, "0 " + mac + " " + kMachine + " * *\n" +
                                                          "0 52:54:00:66:66:66 " + kStranger + " * *\n");
    CHECK(getsSecret(kStranger) == byMac);
    CHECK(getsSecret(kMachine));
    platform::writeFileAtomically(settings.leaseFile, "1 " + mac + " " + kMachine + " * *\n"); // expired
    CHECK(getsSecret(kMachine) == byMac);
    const std::vector<model::NodeEvent> events = world.events("node-1");
    CHECK(std::ranges::any_of(events, [](const auto& e) { return e.kind == "boot.no-lease"; }) != byMac);
}

TEST_CASE("A held operation boots a restarted machine again, and holds afterwards", "[conductor][boot]")
{
    World world;
    world.nodeIn(State::Manageable);
    world.core->nodes.update(
        "node-1", [](model::Node& node) { node.driverInfo.text = R"({"fake_agent_delay": "never"})"; },
        "tester");
    conductor::VerbOrder order;
    order.stepsJson = R"([{"interface": "power", "step": "hold", "args": {}, "priority": 70},)"
                      R"({"interface": "deploy", "step": "burnin_cpu", "args": {"seconds": 1}}])";
    world.core->operations.verb("node-1", model::StateEvent::Clean, order, "tester");
    world.runUntilIdle(3s);
    const auto boot = [&] {
        const World::Agent agent = world.bootAgent("node-1");
        world.exchange(agent, {}, true);
        world.runUntilIdle(1s);
        return agent;
    };
    const World::Agent first = boot();
    REQUIRE(world.stateOf("node-1") == State::CleanHold);
    world.clock.advance(kGone);
    world.core->boots.script(first.mac, "pcbios", kMachine);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::CleanWait);
    const World::Agent second = boot();
    CHECK(world.stateOf("node-1") == State::CleanHold);
    world.verb("node-1", model::StateEvent::Unhold);
    world.runUntilIdle(1s);
    const wire::AgentExchangeAnswer answer = world.exchange(second);
    REQUIRE(answer.step);
    CHECK(answer.step->name == "burnin_cpu");
}
