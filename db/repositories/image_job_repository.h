#pragma once
#include "common/model/ids.h"
#include "common/text/sealed_text.h"
#include "db/engine/database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::db {

/// Work on an image that bmd resumes after a restart. At most one per image; deleted with the image.
struct ImageJob {
    model::ImageId image{};
    std::string kind{};            ///< "import", "verify", "capture" (import of a finished capture)
    model::SealedText urlSealed{}; ///< import: the source URL, which may contain credentials; "": a file
    std::string file{};            ///< import: an upload's file in the store's incoming folder
    std::string sourceName{};      ///< import: the source's name in a checksum file
    std::string checksum{};        ///< import: "", "sha256:..." or a checksum file's URL
    std::string imageKind{};       ///< import: "disk", "tree"; "": detected from the content
    std::string asker = "system";  ///< the platform::Asker of url and checksum
    std::int64_t starts = 0;       ///< number of starts; a job with too many may be the cause of crashes
};

class ImageJobRepository {
public:
    void store(Transaction& tx, const ImageJob& job) const; ///< inserts or replaces
    std::optional<ImageJob> find(Transaction& tx, const model::ImageId& image) const;
    std::vector<ImageJob> all(Transaction& tx) const;
    void remove(Transaction& tx, const model::ImageId& image) const;
};

} // namespace bm::db
