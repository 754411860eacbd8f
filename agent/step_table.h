#pragma once
#include "agent/step/step_context.h"

#include <map>
#include <string>

namespace bm::agent {

/// By name. power_off and reboot do nothing here: they are carried out once the server knows that they are
/// done.
std::map<std::string, StepFunction> allSteps();

/// What follows the report of step @p name ("power_off", "reboot", "start_kernel"), which ended with @p
/// result.
enum class PowerChange : std::uint8_t { None, Off, Reboot, Kernel };
PowerChange powerChangeOf(const std::string& name, const model::JsonText& result);

} // namespace bm::agent
