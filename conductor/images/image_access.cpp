#include "conductor/images/image_access.h"

namespace bm::conductor {

ImageAccess accessTo(const model::Image& image, const ImageParty& party) noexcept
{
    if (party.ofSystem())
        return ImageAccess::Change;
    if (image.visibility == model::ImageVisibility::Public)
        return ImageAccess::Use;
    return image.owner == party.project ? ImageAccess::Change : ImageAccess::None;
}

ImageParty partyOf(const model::Node& node)
{
    return {node.lessee.empty() ? node.owner : node.lessee};
}

} // namespace bm::conductor
