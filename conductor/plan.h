#pragma once
#include "common/model/operation.h"
#include "common/model/states.h"

#include <span>
#include <string_view>
#include <vector>

namespace bm::conductor {

/// One step of a kind of operation, as data. In the order they are done.
struct PlannedStep {
    std::string_view name;
    std::string_view interface;
    int priority; ///< Ironic's, shown in deploy_step and clean_step
};

/// The steps of @p kind. Cleaning without automated cleaning has none.
std::span<const PlannedStep> plannedSteps(model::OperationKind kind);
/// The same as rows to store.
std::vector<model::Step> makeSteps(const model::Operation& operation, bool automatedClean);

/// Whether this state is one of a wait for the agent ("wait call-back", "clean wait").
bool isWaitState(model::State state);

} // namespace bm::conductor
