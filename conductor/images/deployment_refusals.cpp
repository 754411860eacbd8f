#include "conductor/images/deployment_refusals.h"

#include "common/wire/json/json_reader.h"
#include "common/wire/json/stored_json.h"
#include "conductor/images/ramdisk_image.h"
#include "conductor/images/tree_layout.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageKind;
using model::Node;

namespace {

using Check = void (*)(const Node&, const Image&, const DeployRequest&);

void checkRamdisk(const Node& node, const Image& image, const DeployRequest& request)
{
    if (image.kind == ImageKind::Ramdisk)
        refuseForRamdisk(image, node, request);
}

void checkKernelArguments(const Node& node, const Image& image, const DeployRequest& request)
{
    if (image.kind == ImageKind::Ramdisk)
        argumentsFor(image, node, request);
    else
        refuseKernelArguments(image, request);
}

void checkLayout(const Node& /*node*/, const Image& image, const DeployRequest& request)
{
    if (image.kind == ImageKind::Tree)
        layoutFor(image, request);
    else if (image.kind == ImageKind::Disk)
        refuseLayout(image, request);
}

void checkDisks(const Node& /*node*/, const Image& image, const DeployRequest& request)
{
    if (image.kind == ImageKind::Tree && !request.moreDisksJson.empty())
        throw Error(ErrorCode::InvalidInput,
                    "more_disks is for images of a whole disk; " + image.name + " is a tree",
                    "a layout with mirror: true lays a tree onto two disks");
    if (!request.rootDeviceJson.empty() && !wire::valueOf({request.rootDeviceJson}).is_object())
        throw Error(ErrorCode::InvalidInput, "root_device is not an object of hints",
                    R"(for example {"serial": "WD-123"})");
    for (const std::string& hints : request.moreDisksJson)
        wire::parseObject(hints, "more_disks");
}

} // namespace

std::vector<Error> deploymentRefusals(const Node& node, const Image& image, const DeployRequest& request)
{
    std::vector<Error> refusals;
    for (const Check check : {checkRamdisk, checkKernelArguments, checkLayout, checkDisks})
        try {
            check(node, image, request);
        } catch (const Error& refusal) {
            refusals.push_back(refusal);
        }
    return refusals;
}

void refuseDeployment(const Node& node, const Image& image, const DeployRequest& request)
{
    const std::vector<Error> refusals = deploymentRefusals(node, image, request);
    if (!refusals.empty())
        throw Error(refusals.front());
}

DeployRequest withOptionsFor(ImageKind kind, DeployRequest request)
{
    if (kind != ImageKind::Tree) {
        request.layoutJson.clear();
        request.preserve.reset();
    }
    if (kind != ImageKind::Disk)
        request.moreDisksJson.clear();
    if (kind != ImageKind::Ramdisk) {
        request.kernelArguments.reset();
        return request;
    }
    request.rootDeviceJson.clear();
    request.copy.full = false;
    request.kexec.reset();
    return request;
}

} // namespace bm::conductor
