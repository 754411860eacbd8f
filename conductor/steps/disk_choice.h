#pragma once
#include "conductor/steps/step_work.h"

#include <nlohmann/json.hpp>

namespace bm::conductor {

/// Which disk an agent's step is about, as its arguments say it: {"root_device", "root_device_policy",
/// "remembered"}. Hints come from the request, else instance_info, properties, the resource class.
/// @throws Error InvalidInput (hints that are no JSON)
nlohmann::json diskChoice(const StepWork& work);

/// The same with what every copy of an image needs: image, configdrive_url.
nlohmann::json copyArguments(const StepWork& work, const model::Image& image);

} // namespace bm::conductor
