#pragma once
#include "common/model/node_report.h"
#include "conductor/steps/step_work.h"

#include <nlohmann/json.hpp>

namespace bm::conductor {

/// A deployment has ended on the agent's side: checks that the root of what it read back is the image's, and
/// stores a signed report with the step's outcome. @throws Error ChecksumMismatch
void reportDeployment(StepWork& work, const model::Image& image, const nlohmann::json& result);
/// A disk was compared with its image: the same for what was found.
void reportVerification(StepWork& work, const nlohmann::json& image, const nlohmann::json& result);

/// Lower-case hex root (images/blocks/merkle.h) of what the store has under @p contentId.
/// @throws Error NotFound, ImageCorrupt
std::string storedBlocksRoot(const Context& context, const std::string& contentId);

/// Checks the signature of @p report: "valid", "changed" (body or signature), "foreign"
/// (signed by another key).
std::string_view verdictOn(const Context& context, const model::NodeReport& report);

} // namespace bm::conductor
