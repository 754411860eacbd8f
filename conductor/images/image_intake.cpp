#include "conductor/images/image_intake.h"

#include "common/model/kernel_arguments.h"
#include "common/platform/urls.h"
#include "common/wire/json/json_input.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/images/image_by_url.h"
#include "conductor/images/image_jobs.h"
#include "db/repositories/image_job_repository.h"
#include "images/sources/source_reach.h"

#include <nlohmann/json.hpp>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;
using model::ImageState;

namespace {

/// The row of an import's job, which exists until the import ends.
db::ImageJob importJob(const Context& context, const Image& image, const NewImage& wanted)
{
    db::ImageJob job{.image = image.id, .kind = "import"};
    if (!wanted.url.empty())
        job.urlSealed = context.secrets.seal(importUrlPlace(image.id), wanted.url);
    job.file = wanted.spooledFile.filename().string();
    job.sourceName = wanted.sourceName;
    job.checksum = wanted.checksum;
    job.asker = platform::toText(wanted.asker);
    job.imageKind = wanted.kind ? std::string(model::toText(*wanted.kind)) : "";
    return job;
}

void requireSource(const std::string& url, const images::SourceSettings& sources, platform::Asker asker)
{
    images::requireReachable(images::parseSourceUrl(url), sources, asker);
}

} // namespace

Image imageToImport(const NewImage& wanted, const images::SourceSettings& sources, model::UtcTime now)
{
    if (!model::isImageName(wanted.name))
        throw Error(ErrorCode::InvalidInput,
                    "\"" + wanted.name.substr(0, 80) + "\" is not a valid image name",
                    "letters, digits and - . _ ; not in the form of a uuid");
    if (wanted.url.empty() == wanted.spooledFile.empty())
        throw Error(ErrorCode::InvalidInput, "an image comes either from a url or as an upload",
                    "bm image add FILE|URL --name NAME");
    if (!wanted.url.empty())
        requireSource(wanted.url, sources, wanted.asker);
    if (isImageUrl(wanted.checksum))
        requireSource(wanted.checksum, sources, wanted.asker);
    Image image;
    image.id = model::ImageId::make();
    image.name = wanted.name;
    image.source = wanted.url.empty() ? wanted.sourceName : platform::shownUrl(wanted.url);
    image.labels = wanted.labels;
    image.owner = wanted.owner;
    image.visibility = wanted.visibility;
    image.addressKey = wanted.addressKey;
    if (wanted.kernelArguments) { // the import adds its findings
        model::checkKernelArguments(*wanted.kernelArguments, "kernel_arguments");
        image.description = wire::canonical({{"kernel_arguments", *wanted.kernelArguments}});
    }
    image.createdAt = now;
    image.updatedAt = image.createdAt;
    return image;
}

void storeImport(db::Transaction& tx, const Context& context, const Image& image, const NewImage& wanted,
                 const std::string& by)
{
    const db::ImageRepository images;
    if (const std::optional<Image> other = images.findByName(tx, wanted.name)) {
        if (other->state != ImageState::Failed)
            throw Error(ErrorCode::Conflict, "an image named \"" + wanted.name + "\" already exists",
                        "choose another name, or: bm image delete " + wanted.name);
        images.remove(tx, other->id);
    }
    refuseOversize<Image>(image, nullptr);
    images.insert(tx, image);
    storeJob(tx, context, importJob(context, image, wanted));
    recordEvent(tx, image.createdAt, {}, model::EventKind::ImageAdded, wanted.name + " by " + by);
}

} // namespace bm::conductor
