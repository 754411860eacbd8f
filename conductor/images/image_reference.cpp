#include "conductor/images/image_reference.h"

#include "common/model/error.h"
#include "conductor/core/nodes.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Image;

Image findImage(db::Transaction& tx, const std::string& reference)
{
    const db::ImageRepository images;
    std::optional<Image> image = images.findByName(tx, reference);
    if (!image) {
        if (const std::optional<model::ImageTag> tag = db::ImageTagRepository{}.find(tx, reference))
            image = images.find(tx, tag->image);
    }
    if (!image && model::isUuid(reference))
        image = images.find(tx, model::ImageId{reference});
    if (!image) {
        const bool tag = reference.find(':') != std::string::npos;
        throw Error(ErrorCode::NotFound, "image \"" + reference + "\" is not in the catalogue",
                    tag ? "bm image tags shows all tags; set it: bm image tag IMAGE " + reference
                        : "bm image list shows all images; add it: bm image add FILE --name " + reference);
    }
    return *image;
}

Image findReadyImage(db::Transaction& tx, const std::string& reference)
{
    Image image = findImage(tx, reference);
    if (image.state != model::ImageState::Ready)
        throw Error(ErrorCode::Conflict,
                    "image \"" + reference + "\" is " + std::string(model::toText(image.state)) +
                        ", not ready",
                    "bm image show " + reference);
    return image;
}

void checkTagReference(const std::string& reference)
{
    const std::size_t colon = reference.find(':');
    if (colon == std::string::npos || !model::isImageName(reference.substr(0, colon)) ||
        !model::isImageName(reference.substr(colon + 1)))
        throw Error(ErrorCode::InvalidInput,
                    "tag: \"" + reference.substr(0, 80) + "\" is not of the form NAME:TAG",
                    "as web:stable or web:2026-11; letters, digits and - . _");
}

model::ImageTag ImageTags::set(const std::string& reference, const std::string& image,
                               const std::string& actor)
{
    checkTagReference(reference);
    return database_.write([&](db::Transaction& tx) {
        const db::ImageTagRepository tags;
        const Image wanted = findImage(tx, image);
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

std::vector<model::ImageTag> ImageTags::all() const
{
    return database_.read([](db::Transaction& tx) { return db::ImageTagRepository{}.all(tx); });
}

std::vector<model::ImageTagChange> ImageTags::history(const std::string& reference) const
{
    std::vector<model::ImageTagChange> changes =
        database_.read([&](db::Transaction& tx) { return db::ImageTagRepository{}.history(tx, reference); });
    if (changes.empty())
        throw Error(ErrorCode::NotFound, "there never was a tag \"" + reference + "\"", "bm image tags");
    return changes;
}

} // namespace bm::conductor
