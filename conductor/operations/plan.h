#pragma once
#include "common/model/operation.h"
#include "common/model/states.h"

#include <span>
#include <string>
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

/// The request's "kind" of a deployment that writes nothing.
inline constexpr std::string_view kNoImage = "none";
/// The name of the row (and of the agent's step) of a step that was asked for: "raid_create_configuration".
std::string rowName(std::string_view interface, std::string_view step);
/// ... and back.
std::string_view shownName(const model::Step& step);

/// Whether this state is one of a wait for the agent ("wait call-back", "clean wait").
bool isWaitState(model::State state);

} // namespace bm::conductor
