#include "db/repositories/image_job_repository.h"

#include "db/engine/table.h"

namespace bm::db {
namespace {

const Table<ImageJob>& jobs()
{
    static const Table<ImageJob> table("image_jobs", {
                                                         column<&ImageJob::image>("image_uuid"),
                                                         column<&ImageJob::kind>("kind"),
                                                         column<&ImageJob::urlSealed>("url_sealed"),
                                                         column<&ImageJob::file>("file"),
                                                         column<&ImageJob::sourceName>("source_name"),
                                                         column<&ImageJob::checksum>("checksum"),
                                                         column<&ImageJob::imageKind>("image_kind"),
                                                         column<&ImageJob::asker>("asker"),
                                                         column<&ImageJob::starts>("starts"),
                                                     });
    return table;
}

} // namespace

void ImageJobRepository::store(Transaction& tx, const ImageJob& job) const
{
    jobs().upsert(tx, job);
}

std::optional<ImageJob> ImageJobRepository::find(Transaction& tx, const model::ImageId& image) const
{
    return jobs().byKey(tx, image.uuid);
}

std::vector<ImageJob> ImageJobRepository::all(Transaction& tx) const
{
    return jobs().find(tx, "order by image_uuid");
}

void ImageJobRepository::remove(Transaction& tx, const model::ImageId& image) const
{
    jobs().remove(tx, image.uuid);
}

} // namespace bm::db
