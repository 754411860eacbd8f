#include "common/model/error.h"
#include "db/engine/table.h"
#include "db/repositories/repositories.h"

namespace bm::db {
namespace {

using model::Image;

const Table<Image>& images()
{
    static const Table<Image> table("images", {
                                                  column<&Image::id>("uuid"),
                                                  column<&Image::name>("name"),
                                                  column<&Image::state>("state"),
                                                  column<&Image::kind>("kind"),
                                                  column<&Image::owner>("owner"),
                                                  column<&Image::visibility>("visibility"),
                                                  column<&Image::addressKey>("address_key"),
                                                  column<&Image::description>("description"),
                                                  column<&Image::contentId>("content_id"),
                                                  column<&Image::sizeBytes>("size_bytes"),
                                                  column<&Image::storedBytes>("stored_bytes"),
                                                  column<&Image::dataBytes>("data_bytes"),
                                                  column<&Image::sourceFormat>("source_format"),
                                                  column<&Image::source>("source"),
                                                  column<&Image::manifestSha256>("manifest_sha256"),
                                                  column<&Image::architecture>("architecture"),
                                                  column<&Image::bootMode>("boot_mode"),
                                                  column<&Image::progressBytes>("progress_bytes"),
                                                  column<&Image::progressTotalBytes>("progress_total_bytes"),
                                                  column<&Image::errorCode>("error_code"),
                                                  column<&Image::errorMessage>("error_message"),
                                                  column<&Image::errorHint>("error_hint"),
                                                  column<&Image::labels>("labels"),
                                                  column<&Image::verifiedAt>("verified_at"),
                                                  column<&Image::createdAt>("created_at"),
                                                  column<&Image::updatedAt>("updated_at"),
                                              });
    return table;
}

} // namespace

std::optional<Image> ImageRepository::find(Transaction& tx, const model::ImageId& id) const
{
    return images().byKey(tx, id.uuid);
}

std::optional<Image> ImageRepository::findByName(Transaction& tx, const std::string& name) const
{
    return images().first(tx, "where name = $1", {name});
}

std::optional<Image> ImageRepository::findByAddressKey(Transaction& tx, const std::string& key) const
{
    return key.empty() ? std::nullopt : images().first(tx, "where address_key = $1", {key});
}

std::vector<Image> ImageRepository::all(Transaction& tx) const
{
    return images().find(tx, "order by name");
}

void ImageRepository::insert(Transaction& tx, const Image& image) const
{
    images().insert(tx, image);
}

void ImageRepository::update(Transaction& tx, const Image& image) const
{
    if (images().update(tx, image) == 0)
        throw model::Error(model::ErrorCode::NotFound, "image " + image.name + " no longer exists");
}

void ImageRepository::remove(Transaction& tx, const model::ImageId& id) const
{
    images().remove(tx, id.uuid);
}

std::int64_t ImageRepository::countWithContent(Transaction& tx, const std::string& contentId) const
{
    return std::get<std::int64_t>(
        tx.query("select count(*) from images where content_id = $1", {contentId}).at(0).at(0));
}

} // namespace bm::db
