#pragma once
#include "common/model/ids.h"
#include "db/engine/database.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::db {

/// Work on an image that a restart of bmd takes up again; at most one per image, gone with it.
struct ImageJob {
    model::ImageId image{};
    std::string kind{};       ///< "import", "verify", "capture": import of what a capture sent
    std::string urlSealed{};  ///< import: where it comes from, sealed (it may hold credentials); "" a file
    std::string file{};       ///< import: an upload's file in the store's incoming folder
    std::string sourceName{}; ///< import: what the file is called in a checksum file
    std::string checksum{};   ///< import: "", "sha256:..." or a checksum file's URL
    std::string imageKind{};  ///< import: "disk", "tree"; "": the content tells
    std::int64_t starts = 0;  ///< times that it was begun: more than a few, and it is what kills bmd
};

class ImageJobRepository {
public:
    void store(Transaction& tx, const ImageJob& job) const; ///< inserts or replaces
    std::optional<ImageJob> find(Transaction& tx, const model::ImageId& image) const;
    std::vector<ImageJob> all(Transaction& tx) const;
    void remove(Transaction& tx, const model::ImageId& image) const;
};

} // namespace bm::db
