#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// A second name of an image, "web:stable": a group, and a tag that operators move from image to image.
struct ImageTag {
    std::string reference; ///< "web:stable"; unique
    ImageId image;
    std::string actor; ///< who set it
    UtcTime setAt{};
};

/// A change of a tag: the new image and the time.
struct ImageTagChange {
    std::int64_t number = 0; ///< rising
    std::string reference;
    ImageId image;         ///< empty: the tag was removed
    std::string imageName; ///< kept when the image is deleted
    std::string actor;
    UtcTime at{};
};

} // namespace bm::model
