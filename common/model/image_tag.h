#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// A second name of an image, "web:stable": its part before the colon groups, the one after it may move from
/// image to image.
struct ImageTag {
    std::string reference; ///< "web:stable"; unique
    ImageId image;
    std::string actor; ///< who set it
    UtcTime setAt{};
};

/// What a tag pointed to, and from when on.
struct ImageTagChange {
    std::int64_t number = 0; ///< rising
    std::string reference;
    ImageId image;         ///< empty: the tag was taken away
    std::string imageName; ///< kept when the image is deleted
    std::string actor;
    UtcTime at{};
};

} // namespace bm::model
