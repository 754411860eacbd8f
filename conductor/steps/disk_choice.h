#pragma once
#include "common/wire/steps/disk_parts.h"
#include "common/wire/steps/image_parts.h"
#include "conductor/steps/step_work.h"

#include <optional>
#include <string>

namespace bm::conductor {

/// The choice of the disk for an agent's step. Hints come from the request, else instance_info, properties,
/// the resource class. @throws Error InvalidInput (hints that are no JSON)
wire::DiskChoice diskChoice(const StepWork& work);
/// The URLs of the parts of @p image.
wire::ImageOfStore imageOfStore(const StepWork& work, const model::Image& image);
/// The URL of the node's config drive; nothing: the deployment has none.
std::optional<std::string> configDriveUrl(const StepWork& work);

} // namespace bm::conductor
