// Every step of the agent in the table of steps has a function.
#include "agent/step_table.h"
#include "common/model/step_kinds.h"

#include <catch2/catch.hpp>

using namespace bm;

TEST_CASE("the agent has a function for each of its steps, and no other", "[agent][steps]")
{
    const std::map<std::string, agent::StepFunction> steps = agent::allSteps();
    std::size_t own = 2; // power_off and reboot, which servers ask for by name
    CHECK(steps.contains("power_off"));
    CHECK(steps.contains("reboot"));
    for (const model::StepKind& kind : model::kStepKinds) {
        INFO(kind.name);
        const bool isPower = kind.name == "power_off";
        CHECK((kind.inBand() || isPower) == steps.contains(std::string(kind.name)));
        own += kind.inBand() ? 1U : 0U;
    }
    CHECK(steps.size() == own);
}
