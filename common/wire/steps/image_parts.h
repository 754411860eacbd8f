#pragma once
#include "common/wire/json/json_fields.h"

#include <string>
#include <tuple>

namespace bm::wire {

/// An image of the server's store and the URLs of its parts. URLs that begin with '/' are the server's.
struct ImageOfStore {
    std::string id{}; ///< of its content
    std::string name{};
    std::uint64_t sizeBytes = 0;
    std::string manifestUrl{};
    std::optional<std::string> blocksUrl{}; ///< nothing: the step does not read its blocks
    std::string manifestSha256{};           ///< lower-case hex
    static constexpr auto fields()
    {
        return std::tuple(field("id", &ImageOfStore::id), field("name", &ImageOfStore::name),
                          field("size_bytes", &ImageOfStore::sizeBytes),
                          field("manifest_url", &ImageOfStore::manifestUrl),
                          field("blocks_url", &ImageOfStore::blocksUrl),
                          field("manifest_sha256", &ImageOfStore::manifestSha256));
    }
};

/// The common arguments of the steps that copy an image.
struct ImageCopy {
    ImageOfStore image{};
    static constexpr auto fields() { return std::tuple(field("image", &ImageCopy::image)); }
};

} // namespace bm::wire
