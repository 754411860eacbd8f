#pragma once
#include "common/text/json_text.h"

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace bm::wire {

/// What orders the steps of a list.
enum class StepOrder { Priority, Order, Given };

/// A client's list of steps in canonical form: [{"interface", "step", "args", "priority"|"order"}].
/// With Priority or Order every step says its number, at least 0; with Given the list's order counts, and
/// args may be left out. @throws Error InvalidInput naming the entry ("steps[1].interface")
model::JsonText asSteps(const nlohmann::json& value, std::string_view field, StepOrder order);

} // namespace bm::wire
