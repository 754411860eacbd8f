#pragma once
#include "common/model/image.h"
#include "conductor/core/context.h"
#include "conductor/core/deploy_order.h"
#include "conductor/images/image_access.h"

#include <string>

namespace bm::conductor {

/// The image to deploy, as the request names it, else the node.
struct RequestedImage {
    std::string reference;
    bool byAddress = false; ///< instance_info's alone may be a URL
    /// The request's; for an image that instance_info names, the system acts for the node's project, whose
    /// users write there.
    ImageParty party{};
    bool onBehalf = false; ///< the system acts for party
};

/// @throws Error InvalidInput when neither names an image
RequestedImage requestedImageOf(const model::Node& node, const DeployRequest& request);

/// The image, if its party may use it. The import of an image that is named by its address may still be at
/// work.
/// @throws Error NotFound, Conflict (not ready), InvalidInput (address)
model::Image findRequestedImage(db::Transaction& tx, const Context& context, const model::Node& node,
                                const RequestedImage& requested);

/// Ironic's "fake" deploy interface needs no image.
bool writesNothing(const Context& context, const model::Node& node, const DeployRequest& request);

/// The reason to refuse @p party a deployment of the image in @p node's instance_info; "": none.
std::string deployFinding(db::Transaction& tx, const Context& context, const model::Node& node,
                          const ImageParty& party);

} // namespace bm::conductor
