#pragma once
#include "common/model/image.h"
#include "conductor/core/context.h"
#include "conductor/core/deploy_order.h"

#include <string>

namespace bm::conductor {

/// What the request, else the node, says is to be deployed.
struct RequestedImage {
    std::string reference;
    bool byAddress = false; ///< instance_info's alone may be a URL
};

/// @throws Error InvalidInput when neither names an image
RequestedImage requestedImageOf(const model::Node& node, const DeployRequest& request);

/// An image that is named by its address may still be on its way.
/// @throws Error NotFound, Conflict (not ready), InvalidInput (address)
model::Image findRequestedImage(db::Transaction& tx, const Context& context, const model::Node& node,
                                const RequestedImage& requested);

/// Ironic's "fake" deploy interface needs no image.
bool writesNothing(const Context& context, const model::Node& node, const DeployRequest& request);

/// What a deployment of the image that @p node's instance_info names would be refused for; "" for nothing.
std::string deployFinding(db::Transaction& tx, const Context& context, const model::Node& node);

} // namespace bm::conductor
