#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace bm::wire {

/// Checks types and limits of the arguments that a request gives to a step. Names are checked elsewhere
/// (model::StepOffer). @param kind  model::StepKind::name; a step without arguments takes any
/// @throws Error InvalidInput naming the argument
void checkStepArguments(std::string_view kind, const nlohmann::json& arguments);

} // namespace bm::wire
