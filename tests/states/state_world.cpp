#include "tests/states/state_world.h"

namespace bm::test {

using model::ErrorCode;
using model::State;
using model::StateEvent;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

const char* const kNoAgent = R"({"fake_agent_delay": "never"})";
const char* const kNoBmc = R"({"fake_power_fault": "bmc-auth-failed"})";

json holdStep()
{
    return {{"interface", "power"}, {"step", "hold"}, {"args", json::object()}, {"priority", 70}};
}

json burnIn()
{
    return {{"interface", "deploy"}, {"step", "burnin_cpu"}, {"args", {{"seconds", 1}}}};
}

conductor::VerbOrder fullOrder(StateEvent verb)
{
    conductor::VerbOrder order;
    order.deploy.image = "debian";
    order.rescuePassword = "hunter2hunter2";
    if (verb == StateEvent::Clean || verb == StateEvent::Service)
        order.stepsJson = json::array({burnIn()}).dump();
    return order;
}

} // namespace

StateWorld::StateWorld(State state)
{
    bring(state);
    REQUIRE(this->state() == state);
}

void StateWorld::setDriverInfo(const std::string& text)
{
    core->nodes.update(
        "node-1", [&](model::Node& node) { node.driverInfo.text = text; }, "tester");
}

void StateWorld::order(StateEvent verb)
{
    core->operations.verb("node-1", verb, fullOrder(verb), "tester");
}

void StateWorld::orderSteps(StateEvent verb, const json& steps, bool disableRamdisk)
{
    conductor::VerbOrder order = fullOrder(verb);
    (verb == StateEvent::Deploy ? order.deploy.stepsJson : order.stepsJson) = steps.dump();
    order.disableRamdisk = disableRamdisk;
    core->operations.verb("node-1", verb, order, "tester");
}

State StateWorld::after(StateEvent verb)
{
    order(verb);
    return after(5s);
}

State StateWorld::after(std::chrono::milliseconds span)
{
    runUntilIdle(span);
    return state();
}

State StateWorld::afterAbort()
{
    core->operations.abort("node-1", "alice");
    return after(5s);
}

State StateWorld::afterRestart()
{
    restart();
    return after(5s);
}

State StateWorld::afterProvision()
{
    conductor::DeployRequest request;
    request.image = "debian";
    core->operations.provision("node-1", request, "alice");
    return after(10s);
}

State StateWorld::afterCallbackTimeout()
{
    clock.advance(core->context.settings.callbackTimeout + 1s);
    return after(5s);
}

void StateWorld::checkRefused(const std::set<StateEvent>& allowed, ErrorCode code)
{
    const State before = state();
    for (auto verb = StateEvent::Manage; verb <= StateEvent::Unhold;
         verb = static_cast<StateEvent>(static_cast<int>(verb) + 1)) {
        if (allowed.contains(verb))
            continue;
        INFO("verb " << model::toText(verb) << " in state " << model::toText(before));
        const model::Error refusal = errorOf([&] { order(verb); });
        // Ironic's abort and unhold name the state, also while an operation is at work.
        const bool ofState = verb == StateEvent::Abort || verb == StateEvent::Unhold;
        CHECK(refusal.code() == (ofState ? ErrorCode::InvalidTransition : code));
        CHECK_FALSE(refusal.hint().empty());
        CHECK(state() == before);
    }
}

void StateWorld::checkLocked(const std::set<StateEvent>& allowed)
{
    checkRefused(allowed, ErrorCode::NodeLocked);
    CHECK(errorOf([&] { setDriverInfo("{}"); }).code() == ErrorCode::NodeLocked);
    CHECK(errorOf([&] { core->nodes.remove("node-1", "tester"); }).code() == ErrorCode::NodeLocked);
}

bool StateWorld::mayBeDeleted()
{
    try {
        core->nodes.remove("node-1", "tester");
        return true;
    } catch (const model::Error& refusal) {
        CHECK(refusal.code() == ErrorCode::Conflict);
        CHECK_FALSE(refusal.hint().empty());
        return false;
    }
}

World::Agent StateWorld::contact()
{
    const Agent agent = bootAgent("node-1");
    exchange(agent, {}, true);
    runUntilIdle(1s);
    return agent;
}

wire::AgentStepOrder StateWorld::takeStep(const Agent& agent, const std::string& name)
{
    const wire::AgentExchangeAnswer answer = exchange(agent);
    REQUIRE(answer.step);
    REQUIRE(answer.step->name == name);
    return *answer.step;
}

wire::AgentStepOrder StateWorld::finishStep(const Agent& agent, const std::string& name,
                                            const std::string& resultJson)
{
    const wire::AgentStepOrder order = takeStep(agent, name);
    wire::AgentStepReport report;
    report.id = order.id;
    report.state = wire::AgentStepState::Done;
    report.result.text = resultJson;
    exchange(agent, report);
    runUntilIdle(5s);
    return order;
}

void StateWorld::failStep(const Agent& agent, const std::string& name)
{
    wire::AgentStepReport report;
    report.id = takeStep(agent, name).id;
    report.state = wire::AgentStepState::Failed;
    report.error = wire::AgentError{"disk-failed", "no disk answers", "check the cabling"};
    exchange(agent, report);
    runUntilIdle(5s);
}

void StateWorld::bring(State state)
{
    switch (state) {
    case State::Enroll:
    case State::Manageable:
    case State::Available:
    case State::Active:
    case State::Deploying:
    case State::WaitCallback:
    case State::CleanWait:
        nodeIn(state);
        return;
    case State::Verifying:
        nodeIn(State::Enroll);
        return order(StateEvent::Manage);
    case State::Cleaning:
    case State::CleanFailed:
    case State::CleanHold:
        return bringCleaning(state);
    case State::DeployFailed:
    case State::DeployHold:
        return bringDeploying(state);
    case State::Deleting:
    case State::Error:
        nodeIn(State::Active);
        setDriverInfo(state == State::Error ? kNoBmc : "{}");
        order(StateEvent::Delete);
        return runUntilIdle(state == State::Error ? 5s : -1ms);
    case State::Inspecting:
    case State::InspectFailed:
    case State::InspectWait:
        nodeIn(State::Manageable);
        setDriverInfo(state == State::InspectFailed ? R"({"fake_step_fault": "inspect:agent-failed"})"
                      : state == State::InspectWait ? kNoAgent
                                                    : "{}");
        order(StateEvent::Inspect);
        return runUntilIdle(state == State::Inspecting ? -1ms : 5s);
    case State::Adopting:
    case State::AdoptFailed:
        nodeIn(State::Manageable);
        setDriverInfo(state == State::AdoptFailed ? kNoBmc : "{}");
        order(StateEvent::Adopt);
        return runUntilIdle(state == State::AdoptFailed ? 5s : -1ms);
    case State::Rescue:
    case State::Rescuing:
    case State::RescueWait:
    case State::RescueFailed:
    case State::Unrescuing:
    case State::UnrescueFailed:
        return bringRescuing(state);
    case State::Servicing:
    case State::ServiceWait:
    case State::ServiceFailed:
    case State::ServiceHold:
        return bringServicing(state);
    }
}

void StateWorld::bringCleaning(State state)
{
    nodeIn(State::Manageable);
    if (state == State::CleanHold)
        orderSteps(StateEvent::Clean, json::array({holdStep(), burnIn()}));
    else {
        setDriverInfo(state == State::CleanFailed ? R"({"fake_erase_fault": "disk-failed"})" : "{}");
        order(StateEvent::Provide);
    }
    runUntilIdle(state == State::Cleaning ? -1ms : 5s);
}

void StateWorld::bringDeploying(State state)
{
    nodeIn(State::Available);
    setDriverInfo(state == State::DeployFailed ? R"({"fake_write_fault": "disk-failed"})" : "{}");
    if (state == State::DeployHold)
        orderSteps(StateEvent::Deploy, json::array({holdStep()}));
    else
        order(StateEvent::Deploy);
    runUntilIdle(5s);
}

void StateWorld::bringRescuing(State state)
{
    nodeIn(State::Active);
    setDriverInfo(state == State::RescueWait     ? kNoAgent
                  : state == State::RescueFailed ? R"({"fake_step_fault": "start_rescue:agent-failed"})"
                                                 : "{}");
    order(StateEvent::Rescue);
    if (state == State::Rescuing)
        return;
    runUntilIdle(5s);
    if (state != State::Unrescuing && state != State::UnrescueFailed)
        return;
    setDriverInfo(state == State::UnrescueFailed ? kNoBmc : "{}");
    order(StateEvent::Unrescue);
    runUntilIdle(state == State::UnrescueFailed ? 5s : -1ms);
}

/// A service that fails brings the machine back to active; it stays in service failed when that fails, too.
void StateWorld::bringServicing(State state)
{
    nodeIn(State::Active);
    setDriverInfo(state == State::ServiceWait ? kNoAgent : state == State::ServiceFailed ? kNoBmc : "{}");
    orderSteps(StateEvent::Service,
               state == State::ServiceHold ? json::array({holdStep(), burnIn()}) : json::array({burnIn()}));
    runUntilIdle(state == State::Servicing ? -1ms : 5s);
}

} // namespace bm::test
