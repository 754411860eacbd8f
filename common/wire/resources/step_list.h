#pragma once
#include "common/text/json_text.h"

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace bm::wire {

/// The order of the steps of a list: by number, or as given.
enum class StepOrder { Priority, Order, Given };

/// A client's list of steps in canonical form: [{"interface", "step", "args", "priority"|"order"}].
/// With Priority or Order every step has a number, at least 0; with Given the list's order counts, and args
/// are optional. @throws Error InvalidInput naming the entry ("steps[1].interface")
model::JsonText asSteps(const nlohmann::json& value, std::string_view field, StepOrder order);

} // namespace bm::wire
