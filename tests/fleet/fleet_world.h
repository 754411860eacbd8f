#pragma once
#include "tests/support/world.h"

#include <string>
#include <vector>

namespace bm::test {

/// A fleet of simulated machines, and requests of rollouts.
class FleetWorld : public World {
public:
    using World::World;

    /// A node of class web that is available, in @p rack.
    model::Node web(const std::string& name, const std::string& rack = "r1",
                    const std::string& driverInfo = "{}");
    /// @p body is a JSON object without its braces: "select": "class=web", ...
    model::Rollout roll(const std::string& body);
    std::string stateOfRollout(const std::string& name) const;
    /// "web-01 done, web-02 failed ...", in the plan's order.
    std::string nodesOf(const std::string& rollout) const;
    conductor::fleet::RolloutNodeView nodeOf(const std::string& rollout, const std::string& node) const;
    /// Runs until @p rollout is in @p state; at most ten minutes of the manual clock.
    bool reaches(const std::string& rollout, const std::string& state);
};

} // namespace bm::test
