#pragma once
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

namespace bm::test {

/// A world with "node-1", a simulated machine, in one state; verbs, steps and faults alone lead there.
class StateWorld : public World {
public:
    explicit StateWorld(model::State state);

    model::State state() const { return stateOf("node-1"); }
    model::Node node1() const { return node("node-1"); }
    /// Replaces the driver_info of node-1. Refused while an operation is at work.
    void setDriverInfo(const std::string& text);
    /// A verb with all that it needs: an image, steps, a rescue password.
    void order(model::StateEvent verb);
    void orderSteps(model::StateEvent verb, const nlohmann::json& steps, bool disableRamdisk = false);
    /// The verb, then five seconds.
    model::State after(model::StateEvent verb);
    model::State after(std::chrono::milliseconds span);
    model::State afterAbort();
    /// bmd dies and starts again; then five seconds.
    model::State afterRestart();
    model::State afterProvision();

    /// Checks that the state takes @p allowed and refuses every other verb of PUT states/provision, with
    /// @p code and a hint, and that a refusal changes nothing. Gives no allowed verb.
    void checkRefused(const std::set<model::StateEvent>& allowed, model::ErrorCode code);
    /// The states with an operation at work: every verb but @p allowed answers node-locked; so do an update
    /// and a deletion of the node.
    void checkLocked(const std::set<model::StateEvent>& allowed = {});
    bool mayBeDeleted();

    /// The real agent of node-1 boots and reports its inventory.
    Agent contact();
    /// The agent takes its next step, which must be @p name, and reports it done.
    wire::AgentStepOrder finishStep(const Agent& agent, const std::string& name,
                                    const std::string& resultJson = "{}");
    void failStep(const Agent& agent, const std::string& name);
    /// No step has a deadline that comes before: no agent calls for longer than the call-back timeout.
    model::State afterCallbackTimeout();

private:
    void bring(model::State state);
    void bringCleaning(model::State state);
    void bringDeploying(model::State state);
    void bringRescuing(model::State state);
    void bringServicing(model::State state);
    wire::AgentStepOrder takeStep(const Agent& agent, const std::string& name);
};

/// What @p act throws. Fails the test when it throws nothing.
template <class Act> model::Error errorOf(Act&& act)
{
    try {
        act();
    } catch (const model::Error& error) {
        return error;
    }
    FAIL("no error was thrown");
    throw std::logic_error("unreachable");
}

} // namespace bm::test
