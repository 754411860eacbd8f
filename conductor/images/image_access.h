#pragma once
#include "common/model/image.h"
#include "common/model/node.h"

#include <cstdint>
#include <string>

namespace bm::conductor {

/// The party that bm uses an image for: the system or one project.
struct ImageParty {
    std::string project{}; ///< "": the system
    bool ofSystem() const noexcept { return project.empty(); }
};

/// Rights to an image, each with those before it. Use: list, show, deploy. Change: fields, verify, delete.
enum class ImageAccess : std::uint8_t { None, Use, Change };

/// The one rule: the system changes every image. A project uses public images and its own, and changes its
/// own that are not public.
ImageAccess accessTo(const model::Image& image, const ImageParty& party) noexcept;

/// The party that instance_info of @p node speaks for: the lessee's project, else the owner's, else the
/// system.
ImageParty partyOf(const model::Node& node);

} // namespace bm::conductor
