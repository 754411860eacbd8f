#pragma once
#include "agent/step/step_context.h"

#include <map>
#include <string>

namespace bm::agent {

/// By name: a function for each step of the agent in model::kStepKinds. power_off and reboot do nothing here:
/// the agent carries them out once the server has their report.
std::map<std::string, StepFunction> allSteps();

/// The action after the report of step @p name ("power_off", "reboot", "start_kernel"), which ended with @p
/// result.
enum class PowerChange : std::uint8_t { None, Off, Reboot, Kernel };
PowerChange powerChangeOf(const std::string& name, const model::JsonText& result);

} // namespace bm::agent
