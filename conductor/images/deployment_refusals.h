#pragma once
#include "common/model/error.h"
#include "common/model/image.h"
#include "common/model/node.h"
#include "conductor/core/deploy_order.h"

#include <vector>

namespace bm::conductor {

/// Why @p request cannot be done with @p image on @p node, in the order of the checks; empty: nothing
/// forbids it. Each is InvalidInput, Conflict, NotFound (a layout), ImageUnsupported or ImageCorrupt. The
/// plan of a rollout, a deployment's request and a node's validation all ask this function. It checks the
/// image and the options only; other functions check state, lock, maintenance and boot port.
std::vector<model::Error> deploymentRefusals(const model::Node& node, const model::Image& image,
                                             const DeployRequest& request);
/// @throws the first of them
void refuseDeployment(const model::Node& node, const model::Image& image, const DeployRequest& request);

} // namespace bm::conductor
