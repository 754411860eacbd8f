#include "conductor/images/image_reference.h"

#include "common/model/error.h"
#include "conductor/core/nodes.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;

std::optional<Image> lookUpImage(db::Transaction& tx, const std::string& reference, const ImageParty& party)
{
    const db::ImageRepository images;
    std::optional<Image> image = images.findByName(tx, reference);
    if (!image) {
        if (const std::optional<model::ImageTag> tag = db::ImageTagRepository{}.find(tx, reference))
            image = images.find(tx, tag->image);
    }
    if (!image && model::isUuid(reference))
        image = images.find(tx, model::ImageId{reference});
    if (image && accessTo(*image, party) == ImageAccess::None)
        image.reset();
    return image;
}

Image findImage(db::Transaction& tx, const std::string& reference, const ImageParty& party)
{
    std::optional<Image> image = lookUpImage(tx, reference, party);
    if (!image) {
        const bool tag = reference.find(':') != std::string::npos;
        throw Error(ErrorCode::NotFound, "image \"" + reference + "\" is not in the catalogue",
                    tag ? "bm image tags shows all tags; set it: bm image tag IMAGE " + reference
                        : "bm image list shows all images; add it: bm image add FILE --name " + reference);
    }
    return *image;
}

Image findImageToChange(db::Transaction& tx, const std::string& reference, const ImageParty& party)
{
    Image image = findImage(tx, reference, party);
    if (accessTo(image, party) != ImageAccess::Change)
        throw Error(ErrorCode::Forbidden, "image \"" + reference + "\" is public",
                    "only users of the system change, verify or delete a public image");
    return image;
}

Image findReadyImage(db::Transaction& tx, const std::string& reference, const ImageParty& party)
{
    Image image = findImage(tx, reference, party);
    if (image.state != model::ImageState::Ready)
        throw Error(ErrorCode::Conflict,
                    "image \"" + reference + "\" is " + std::string(model::toText(image.state)) +
                        ", not ready",
                    "bm image show " + reference);
    return image;
}

namespace {

/// The names of deleted images are the system's to know.
bool isHidden(db::Transaction& tx, const model::ImageId& id, const ImageParty& party)
{
    if (party.ofSystem())
        return false;
    const std::optional<Image> image = db::ImageRepository{}.find(tx, id);
    return !image || accessTo(*image, party) == ImageAccess::None;
}

} // namespace

model::ImageTag ImageTags::set(const std::string& reference, const std::string& image,
                               const std::string& actor)
{
    model::checkImageTag(reference);
    return database_.write([&](db::Transaction& tx) {
        const db::ImageTagRepository tags;
        const Image wanted = findImage(tx, image, {});
        const std::optional<model::ImageTag> before = tags.find(tx, reference);
        if (before && before->image == wanted.id)
            return *before;
        model::ImageTag tag{reference, wanted.id, actor, clock_.now()};
        tags.set(tx, tag, wanted.name);
        recordEvent(tx, tag.setAt, {}, model::EventKind::ImageTagged,
                    reference + " is " + wanted.name + ", by " + actor);
        return tag;
    });
}

void ImageTags::remove(const std::string& reference, const std::string& actor)
{
    database_.write([&](db::Transaction& tx) {
        const db::ImageTagRepository tags;
        if (!tags.find(tx, reference))
            throw Error(ErrorCode::NotFound, "there is no tag \"" + reference + "\"", "bm image tags");
        tags.remove(tx, reference, actor, clock_.now());
        recordEvent(tx, clock_.now(), {}, model::EventKind::ImageUntagged, reference + " by " + actor);
    });
}

std::vector<model::ImageTag> ImageTags::all(const ImageParty& party) const
{
    return database_.read([&](db::Transaction& tx) {
        std::vector<model::ImageTag> tags = db::ImageTagRepository{}.all(tx);
        std::erase_if(tags, [&](const model::ImageTag& tag) { return isHidden(tx, tag.image, party); });
        return tags;
    });
}

std::vector<model::ImageTagChange> ImageTags::history(const std::string& reference,
                                                      const ImageParty& party) const
{
    std::vector<model::ImageTagChange> changes = database_.read([&](db::Transaction& tx) {
        std::vector<model::ImageTagChange> all = db::ImageTagRepository{}.history(tx, reference);
        std::erase_if(all, [&](const model::ImageTagChange& change) {
            return !change.image.uuid.empty() && isHidden(tx, change.image, party);
        });
        return all;
    });
    const bool onlyRemovals =
        std::ranges::all_of(changes, [](const auto& change) { return change.image.uuid.empty(); });
    if (onlyRemovals) // of a tag whose images the party does not see
        throw Error(ErrorCode::NotFound, "there never was a tag \"" + reference + "\"", "bm image tags");
    return changes;
}

} // namespace bm::conductor
