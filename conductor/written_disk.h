#pragma once
#include "conductor/steps.h"

#include <nlohmann/json.hpp>

namespace bm::conductor {

/// What stays known of a disk that was written: node's driver_internal_info/deployed_disk and /boot (as the
/// agent's step tells them), and what firmware makes of it as events boot.entry and boot.trouble.
void rememberWritten(StepWork& work, const nlohmann::json& report);

/// The BIOS's number of the deployed disk, as the agent last told it; else that of the first one, 0x80.
unsigned biosDriveOf(const model::Node& node);

} // namespace bm::conductor
