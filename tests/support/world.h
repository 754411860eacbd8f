#pragma once
#include "bmd/core.h"
#include "common/platform/files.h"
#include "tests/support/state_texts.h"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace bm::test {

/// A clock that moves when told to.
class ManualClock final : public model::Clock {
public:
    model::UtcTime now() const override { return now_; }
    void advance(std::chrono::milliseconds span) { now_ += span; }

private:
    model::UtcTime now_ = model::fromMillis(1'780'000'000'000);
};

/// bmd's Core with a temporary database, a manual clock and simulated machines: no network, no threads.
class World {
public:
    explicit World(conductor::Settings settings = {}, bool durable = false);

    /// A fake-hardware node in enroll with one port. @p driverInfo: settings as JSON text.
    model::Node enrol(const std::string& name, const std::string& driverInfo = "{}");
    /// A node brought to @p state by verbs and steps alone; the wait states have an agent that never called.
    model::Node nodeIn(model::State state, const std::string& name = "node-1");
    /// A tiny image that is ready under @p name; its content is told by @p content, one hex digit.
    model::Image image(const std::string& name = "debian", char content = 'c');
    /// Does what is due until nothing is, moving the clock by a quarter second per round, for @p span at
    /// most.
    void settle(std::chrono::milliseconds span = std::chrono::seconds{30});
    void runOnce() { core->engine.runOnce(); }
    /// Where programs that may be drain gates are.
    std::filesystem::path gatesFolder() const { return folder.path() / "gates"; }
    model::Node node(const std::string& ident) const { return core->nodes.get(ident); }
    model::State stateOf(const std::string& ident) const { return node(ident).state; }
    std::vector<model::NodeEvent> events(const std::string& ident) const;
    bool hasEvent(const std::string& ident, const std::string& kind) const;
    std::optional<model::Operation> latestOperation(const std::string& ident) const;
    std::vector<model::Step> steps(const std::string& ident) const;
    void deploy(const std::string& ident, const std::string& imageName = "debian");
    void verb(const std::string& ident, model::StateEvent event);
    /// The process dies: everything in memory goes, the database file stays; then bmd starts again.
    void restart();

    /// What an agent in the RAM disk of @p ident would do: fetch the script, look up, exchange.
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
