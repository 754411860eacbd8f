#include "conductor/images/requested_image.h"

#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/images/deployment_refusals.h"
#include "conductor/images/image_by_url.h"
#include "conductor/images/image_reference.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

namespace {

model::Image readyImage(db::Transaction& tx, const RequestedImage& requested)
{
    try {
        return findReadyImage(tx, requested.reference, requested.party);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound || !requested.onBehalf)
            throw;
        throw Error(ErrorCode::NotFound,
                    error.message() + " for the project " + requested.party.project + ", whose node names it",
                    "publish it: bm image set NAME --visibility public; or name it: bm provision IMAGE NODE");
    }
}

} // namespace

RequestedImage requestedImageOf(const model::Node& node, const DeployRequest& request)
{
    const ImageParty user{request.project};
    if (!request.image.empty())
        return {request.image, false, user, false};
    const std::string named = wire::textMember(wire::valueOf(node.instanceInfo), "image_source");
    if (named.empty())
        throw Error(
            ErrorCode::InvalidInput, "no image is named",
            "set instance_info/image_source to a name of the catalogue, or use: bm provision IMAGE NODE");
    const ImageParty party = user.ofSystem() ? partyOf(node) : user;
    return {named, isImageUrl(named), party, user.ofSystem() && !party.ofSystem()};
}

model::Image findRequestedImage(db::Transaction& tx, const Context& context, const model::Node& node,
                                const RequestedImage& requested)
{
    if (requested.byAddress)
        return imageByUrl(tx, context, imageAddressOf(wire::valueOf(node.instanceInfo)), requested.party,
                          "a deployment of " + (node.name.empty() ? node.id.uuid : node.name));
    return readyImage(tx, requested);
}

bool writesNothing(const Context& context, const model::Node& node, const DeployRequest& request)
{
    return interfaceOf(context, node, "deploy") == "fake" && request.image.empty() &&
           wire::textMember(wire::valueOf(node.instanceInfo), "image_source").empty();
}

std::string deployFinding(db::Transaction& tx, const Context& context, const model::Node& node,
                          const ImageParty& party)
{
    if (writesNothing(context, node, {}))
        return "";
    try {
        DeployRequest request;
        request.project = party.project;
        const RequestedImage requested = requestedImageOf(node, request);
        if (requested.byAddress)
            requireReachable(context, imageAddressOf(wire::valueOf(node.instanceInfo)), requested.party);
        else
            refuseDeployment(node, readyImage(tx, requested), {});
        return "";
    } catch (const Error& error) {
        return error.message() + (error.hint().empty() ? "" : "; " + error.hint());
    }
}

} // namespace bm::conductor
