#pragma once
#include "common/model/node_report.h"
#include "conductor/steps/step_work.h"

#include <nlohmann/json.hpp>

namespace bm::conductor {

/// Call it after the agent's part of a deployment: checks that the root of the blocks read back equals the
/// image's, and stores a signed report with the step's outcome. @throws Error ChecksumMismatch
void reportDeployment(StepWork& work, const model::Image& image, const nlohmann::json& result);
/// Stores a signed report of the comparison of a disk with its image.
void reportVerification(StepWork& work, const nlohmann::json& image, const nlohmann::json& result);

/// Lower-case hex root (images/blocks/merkle.h) of the blocks that the store has under @p contentId.
/// @throws Error NotFound, ImageCorrupt
std::string storedBlocksRoot(const Context& context, const std::string& contentId);

/// Checks the signature of @p report: "valid", "changed" (body or signature), "foreign"
/// (signed by another key).
std::string_view verdictOn(const Context& context, const model::NodeReport& report);

} // namespace bm::conductor
