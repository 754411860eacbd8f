#pragma once
#include "common/model/image.h"
#include "conductor/core/deploy_order.h"

#include <nlohmann/json.hpp>

namespace bm::conductor {

/// The layout that a tree is deployed with: the request's, else the image's own (/etc/bm/layout.yaml in the
/// tree), else "plain"; with the request's preserve over its own. Checked.
/// @throws Error InvalidInput naming the member, NotFound (no layout of that name), ImageUnsupported (the
/// tree has no kernel, and a boot loader is wanted)
nlohmann::json layoutFor(const model::Image& image, const DeployRequest& request);
/// The description of an imported tree, with its layout parsed and checked. Keeps "{}".
/// @throws Error InvalidInput with line and column
model::JsonText checkedDescription(const model::JsonText& description);

} // namespace bm::conductor
