#include "conductor/images/deployment_refusals.h"

#include "common/wire/json/json_reader.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/node_disks.h"
#include "conductor/images/ramdisk_image.h"
#include "conductor/images/tree_layout.h"

#include <fmt/format.h>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageKind;
using model::Node;

namespace {

using Check = void (*)(const Node&, const Image&, const DeployRequest&);

void checkOptions(const Node& /*node*/, const Image& image, const DeployRequest& request)
{
    const std::optional<wire::OptionRefusal> refused = wire::refusedOption(request.options, image.kind);
    if (!refused)
        return;
    if (image.kind == ImageKind::Ramdisk)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: {} is a RAM disk; no disk is written", refused->name, image.name),
                    "leave it out");
    throw Error(ErrorCode::InvalidInput,
                fmt::format(fmt::runtime(refused->message), fmt::arg("image", image.name),
                            fmt::arg("kind", model::toText(image.kind))),
                std::string(refused->hint));
}

void checkRamdisk(const Node& node, const Image& image, const DeployRequest& request)
{
    if (image.kind != ImageKind::Ramdisk)
        return;
    refuseFirmware(image, node);
    argumentsFor(image, node, request);
}

void checkLayout(const Node& /*node*/, const Image& image, const DeployRequest& request)
{
    if (image.kind == ImageKind::Tree)
        layoutFor(image, request);
}

/// The API checks hints in detail; this is for requests that bmd itself makes.
void checkHints(const Node& node, const Image& image, const DeployRequest& request)
{
    const wire::DeployOptions& options = request.options;
    if (options.rootDevice && !wire::valueOf(*options.rootDevice).is_object())
        throw Error(ErrorCode::InvalidInput, "root_device is not an object of hints",
                    R"(for example {"serial": "WD-123"})");
    for (const model::JsonText& hints : options.moreDisks.value_or(std::vector<model::JsonText>{}))
        wire::parseObject(hints.text, "more_disks");
    if (image.kind != ImageKind::Ramdisk)
        refuseSkippedDisks(node, options);
}

} // namespace

std::vector<Error> deploymentRefusals(const Node& node, const Image& image, const DeployRequest& request)
{
    std::vector<Error> refusals;
    for (const Check check : {checkOptions, checkRamdisk, checkLayout, checkHints})
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

} // namespace bm::conductor
