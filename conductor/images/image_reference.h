#pragma once
#include "common/model/image.h"
#include "db/repositories/rollout_repository.h"

#include <string>

namespace bm::conductor {

/// The image that operators mean by @p reference: its name, a tag ("web:stable") or its uuid.
/// @throws Error NotFound
model::Image findImage(db::Transaction& tx, const std::string& reference);
/// The same, ready to be deployed. @throws Error NotFound, Conflict (still importing, or failed)
model::Image findReadyImage(db::Transaction& tx, const std::string& reference);
/// "name:tag", each part as an image's name. @throws Error InvalidInput
void checkTagReference(const std::string& reference);

/// Second names of images; each call is one transaction. Thread-safe.
class ImageTags {
public:
    ImageTags(db::Database& database, const model::Clock& clock) : database_(database), clock_(clock) {}
    /// Points @p reference to @p image (name, tag or id). Pointing it there again changes nothing.
    /// @throws Error NotFound, InvalidInput
    model::ImageTag set(const std::string& reference, const std::string& image, const std::string& actor);
    void remove(const std::string& reference, const std::string& actor); ///< @throws Error NotFound
    std::vector<model::ImageTag> all() const;
    /// Newest first. @throws Error NotFound when there never was such a tag
    std::vector<model::ImageTagChange> history(const std::string& reference) const;

private:
    db::Database& database_;
    const model::Clock& clock_;
};

} // namespace bm::conductor
