#include "db/engine/table.h"
#include "db/repositories/rollout_repository.h"

namespace bm::db {
namespace {

using model::ImageTag;
using model::ImageTagChange;

const Table<ImageTag>& tags()
{
    static const Table<ImageTag> table("image_tags", {
                                                         column<&ImageTag::reference>("reference"),
                                                         column<&ImageTag::image>("image_uuid"),
                                                         column<&ImageTag::actor>("actor"),
                                                         column<&ImageTag::setAt>("set_at"),
                                                     });
    return table;
}

const Table<ImageTagChange>& changes()
{
    static const Table<ImageTagChange> table("image_tag_changes",
                                             {
                                                 column<&ImageTagChange::number>("number"),
                                                 column<&ImageTagChange::reference>("reference"),
                                                 column<&ImageTagChange::image>("image_uuid"),
                                                 column<&ImageTagChange::imageName>("image_name"),
                                                 column<&ImageTagChange::actor>("actor"),
                                                 column<&ImageTagChange::at>("at"),
                                             });
    return table;
}

void record(Transaction& tx, const ImageTag& tag, const std::string& imageName)
{
    tx.execute("insert into image_tag_changes (reference, image_uuid, image_name, actor, at) values ($1, $2, "
               "$3, $4, $5)",
               {tag.reference, tag.image.uuid, imageName, tag.actor, store(tag.setAt)});
}

} // namespace

std::optional<ImageTag> ImageTagRepository::find(Transaction& tx, const std::string& reference) const
{
    return tags().byKey(tx, reference);
}

std::vector<ImageTag> ImageTagRepository::all(Transaction& tx) const
{
    return tags().find(tx, "order by reference");
}

std::vector<ImageTag> ImageTagRepository::ofImage(Transaction& tx, const model::ImageId& image) const
{
    return tags().find(tx, "where image_uuid = $1 order by reference", {image.uuid});
}

void ImageTagRepository::set(Transaction& tx, const ImageTag& tag, const std::string& imageName) const
{
    tags().upsert(tx, tag);
    record(tx, tag, imageName);
}

void ImageTagRepository::remove(Transaction& tx, const std::string& reference, const std::string& actor,
                                model::UtcTime at) const
{
    if (tags().remove(tx, reference) > 0)
        record(tx, {reference, {}, actor, at}, "");
}

std::vector<ImageTagChange> ImageTagRepository::history(Transaction& tx, const std::string& reference) const
{
    return changes().find(tx, "where reference = $1 order by number desc", {reference});
}

} // namespace bm::db
