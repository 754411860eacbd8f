#pragma once
#include "conductor/images/image_access.h"
#include "db/repositories/rollout_repository.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// The image that users mean by @p reference: its name, a tag ("web:stable") or its uuid; nothing where there
/// is none that @p party may use.
std::optional<model::Image> lookUpImage(db::Transaction& tx, const std::string& reference,
                                        const ImageParty& party);
/// The same. @throws Error NotFound, in the same words for an unknown image and for another project's
model::Image findImage(db::Transaction& tx, const std::string& reference, const ImageParty& party);
/// The same, for a change. @throws Error NotFound, Forbidden (a public image is changed by the system alone)
model::Image findImageToChange(db::Transaction& tx, const std::string& reference, const ImageParty& party);
/// The same, ready to be deployed. @throws Error NotFound, Conflict (still importing, or failed)
model::Image findReadyImage(db::Transaction& tx, const std::string& reference, const ImageParty& party);

/// Second names of images; each call is one transaction. Thread-safe.
class ImageTags {
public:
    ImageTags(db::Database& database, const model::Clock& clock) : database_(database), clock_(clock) {}
    /// Points @p reference to @p image (name, tag or id), for the system. Pointing it there again changes
    /// nothing.
    /// @throws Error NotFound, InvalidInput
    model::ImageTag set(const std::string& reference, const std::string& image, const std::string& actor);
    void remove(const std::string& reference, const std::string& actor); ///< @throws Error NotFound
    std::vector<model::ImageTag> all(const ImageParty& party) const;     ///< of images that @p party may use
    /// Newest first; to images that @p party may use. @throws Error NotFound when there is no such change
    std::vector<model::ImageTagChange> history(const std::string& reference, const ImageParty& party) const;

private:
    db::Database& database_;
    const model::Clock& clock_;
};

} // namespace bm::conductor
