#include "conductor/images/requested_image.h"

#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/images/deployment_refusals.h"
#include "conductor/images/image_by_url.h"
#include "conductor/images/image_reference.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

RequestedImage requestedImageOf(const model::Node& node, const DeployRequest& request)
{
    if (!request.image.empty())
        return {request.image};
    const std::string named = wire::textMember(wire::valueOf(node.instanceInfo), "image_source");
    if (named.empty())
        throw Error(
            ErrorCode::InvalidInput, "no image is named",
            "set instance_info/image_source to a name of the catalogue, or use: bm provision IMAGE NODE");
    return {named, isImageUrl(named)};
}

model::Image findRequestedImage(db::Transaction& tx, const Context& context, const model::Node& node,
                                const RequestedImage& requested)
{
    if (requested.byAddress)
        return imageByUrl(tx, context, imageAddressOf(wire::valueOf(node.instanceInfo)), askerOf(node),
                          "a deployment of " + (node.name.empty() ? node.id.uuid : node.name));
    return findReadyImage(tx, requested.reference);
}

bool writesNothing(const Context& context, const model::Node& node, const DeployRequest& request)
{
    return interfaceOf(context, node, "deploy") == "fake" && request.image.empty() &&
           wire::textMember(wire::valueOf(node.instanceInfo), "image_source").empty();
}

std::string deployFinding(db::Transaction& tx, const Context& context, const model::Node& node)
{
    if (writesNothing(context, node, {}))
        return "";
    try {
        const RequestedImage requested = requestedImageOf(node, {});
        if (requested.byAddress)
            requireReachable(context, imageAddressOf(wire::valueOf(node.instanceInfo)), askerOf(node));
        else
            refuseDeployment(node, findReadyImage(tx, requested.reference), {});
        return "";
    } catch (const Error& error) {
        return error.message() + (error.hint().empty() ? "" : "; " + error.hint());
    }
}

} // namespace bm::conductor
