#include "tests/fleet/fleet_world.h"

#include <catch2/catch.hpp>

namespace bm::test {

model::Node FleetWorld::web(const std::string& name, const std::string& rack, const std::string& driverInfo)
{
    enrol(name, driverInfo);
    core->nodes.update(
        name,
        [&](model::Node& node) {
            node.resourceClass = "web";
            node.properties.text = R"({"health_address":"127.0.0.1","rack":")" + rack + R"("})";
        },
        "tester");
    verb(name, model::StateEvent::Manage);
    runUntilIdle(std::chrono::seconds{5});
    verb(name, model::StateEvent::Provide);
    runUntilIdle(std::chrono::seconds{10});
    REQUIRE(stateOf(name) == model::State::Available);
    return node(name);
}

model::Rollout FleetWorld::roll(const std::string& body)
{
    return core->rollouts.create(conductor::fleet::rolloutRequestFrom("{" + body + "}"), "tester");
}

std::string FleetWorld::stateOfRollout(const std::string& name) const
{
    return std::string(model::toText(core->rollouts.get(name).state));
}

std::string FleetWorld::nodesOf(const std::string& rollout) const
{
    std::string text;
    for (const auto& view : core->rollouts.nodes(core->rollouts.get(rollout)))
        text += (text.empty() ? "" : ", ") + view.node.nodeName + " " +
                std::string(model::toText(view.node.state));
    return text;
}

conductor::fleet::RolloutNodeView FleetWorld::nodeOf(const std::string& rollout,
                                                     const std::string& name) const
{
    for (auto& view : core->rollouts.nodes(core->rollouts.get(rollout)))
        if (view.node.nodeName == name)
            return view;
    FAIL("no node " << name << " in " << rollout);
    return {};
}

bool FleetWorld::reaches(const std::string& rollout, const std::string& state)
{
    for (int i = 0; i < 600 && stateOfRollout(rollout) != state; ++i)
        runUntilIdle(std::chrono::seconds{1});
    return stateOfRollout(rollout) == state;
}

} // namespace bm::test
