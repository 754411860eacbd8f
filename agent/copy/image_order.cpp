#include "agent/copy/image_order.h"

#include "agent/copy/manifest_fetch.h"
#include "agent/drive/config_drive.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"

#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kLongestConfigDrive = std::size_t{64} << 20U;

} // namespace

ImageOrder imageOrderFrom(const wire::ImageOfStore& image, const std::optional<std::string>& configDriveUrl,
                          const StepContext& context, const std::string& step)
{
    ImageOrder order;
    order.manifest = absoluteUrl(context, image.manifestUrl);
    order.manifestSha256 = image.manifestSha256;
    order.sizeBytes = image.sizeBytes;
    order.blocks = absoluteUrl(context, image.blocksUrl.value_or(""));
    order.configDrive = absoluteUrl(context, configDriveUrl.value_or(""));
    order.token = context.token;
    order.relay = context.relay;
    order.relaySettings = context.relaySettings;
    for (const std::string& url : {order.manifest, order.blocks})
        if (!url.starts_with("http://") && !url.starts_with("https://"))
            throw Error(ErrorCode::InvalidInput, fmt::format("{}: \"{}\" is not an http(s) URL", step, url));
    if (order.manifestSha256.empty())
        throw Error(ErrorCode::InvalidInput, step + ": image.manifest_sha256 is missing");
    return order;
}

images::Manifest fetchManifest(const ImageOrder& order, const std::stop_token& stop)
{
    return fetchManifest({order.manifest, order.manifestSha256, order.sizeBytes}, order.token, stop);
}

std::string fetchConfigDrive(const ImageOrder& order, const std::stop_token& stop)
{
    if (order.configDrive.empty())
        return "";
    std::string drive = fetchWhole(order.configDrive, order.token, kLongestConfigDrive, stop);
    checkConfigDrive(drive);
    return drive;
}

} // namespace bm::agent
