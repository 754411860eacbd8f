#pragma once
#include "bmd/core.h"
#include "common/platform/files.h"
#include "tests/support/state_texts.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace bm::test {

/// A clock that advances only by calls.
class ManualClock final : public model::Clock {
public:
    model::UtcTime now() const override { return now_; }
    void advance(std::chrono::milliseconds span) { now_ = now() + span; }

private:
    std::atomic<model::UtcTime> now_{model::fromMillis(1'780'000'000'000)};
};

/// Twice: the first commit of every unit of writing fails, and the unit runs again, as on an engine with
/// concurrent writers (tests/db/repeating_engine.h).
enum class Units { Once, Twice };
/// Twice where the environment says BM_TEST_ENGINE=repeating.
Units unitsOfEnvironment();

/// bmd's Core with a temporary database, a manual clock and simulated machines: no network, no threads.
class World {
public:
    explicit World(conductor::Settings settings = {}, bool durable = false,
                   Units units = unitsOfEnvironment());

    /// Creates a fake-hardware node in enroll with one port. @p driverInfo: settings as JSON text.
    model::Node enrol(const std::string& name, const std::string& driverInfo = "{}");
    /// Creates a node and moves it to @p state by verbs and steps only. In a wait state the agent has not
    /// called yet.
    model::Node nodeIn(model::State state, const std::string& name = "node-1");
    /// Adds a tiny, public, ready image @p name; @p content, one hex digit, determines its bytes.
    model::Image image(const std::string& name = "debian", char content = 'c');
    /// Runs everything that is due until nothing is, and advances the clock by a quarter second per round,
    /// for @p span at most.
    void runUntilIdle(std::chrono::milliseconds span = std::chrono::seconds{30});
    void runOnce() { core->engine.runOnce(); }
    /// The folder of programs that may be drain gates.
    std::filesystem::path gatesFolder() const { return folder.path() / "gates"; }
    std::filesystem::path handlersFile() const { return folder.path() / "running-steps"; }
    model::Node node(const std::string& ident) const { return core->nodes.get(ident); }
    model::State stateOf(const std::string& ident) const { return node(ident).state; }
    std::vector<model::NodeEvent> events(const std::string& ident) const;
    bool hasEvent(const std::string& ident, const std::string& kind) const;
    std::optional<model::Operation> latestOperation(const std::string& ident) const;
    std::vector<model::Step> steps(const std::string& ident) const;
    void deploy(const std::string& ident, const std::string& imageName = "debian");
    void verb(const std::string& ident, model::StateEvent event);
    /// Simulates a crash and restart: everything in memory is lost, the database file remains, bmd starts
    /// again after @p downtime.
    void restart(std::chrono::milliseconds downtime = {});

    /// Simulates an agent in the RAM disk of @p ident: fetches the script, looks up, exchanges.
    struct Agent {
        std::string uuid, mac, secret, nonce = "aa11", token, bootId = "boot-1";
    };
    Agent bootAgent(const std::string& ident);
    wire::AgentExchangeAnswer exchange(const Agent& agent, std::optional<wire::AgentStepReport> report = {},
                                       bool withInventory = false);

    platform::TemporaryFolder folder{"bm-world"};
    ManualClock clock;
    std::unique_ptr<bmd::Core> core;

private:
    bmd::CoreSettings settings_;
    int macs_ = 0;
};

} // namespace bm::test
