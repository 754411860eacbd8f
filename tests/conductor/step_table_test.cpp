// Every row of the table of steps has a handler.
#include "common/model/error.h"
#include "common/model/step_kinds.h"
#include "conductor/steps/step_handlers.h"
#include "conductor/steps/step_table.h"

#include <catch2/catch.hpp>

using namespace bm;

TEST_CASE("every kind of step has a handler", "[conductor][steps]")
{
    for (const model::StepKind& kind : model::kStepKinds) {
        INFO(kind.name);
        CHECK(conductor::handlerOf(std::string(kind.name)) != nullptr);
    }
    CHECK(conductor::handlerOf("write_image") == conductor::stepWriteImage);
    CHECK(conductor::handlerOf("burnin_cpu") == conductor::stepAgentWork);
}

TEST_CASE("a step of a newer bmd is an error", "[conductor][steps]")
{
    CHECK_THROWS_AS(conductor::handlerOf("of_a_newer_bmd"), model::Error);
}
