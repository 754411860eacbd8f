#pragma once
#include "conductor/core/context.h"
#include "conductor/images/image_access.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace bm::conductor {

/// True if @p reference is an address instead of an image's name.
bool isImageUrl(std::string_view reference);

/// An image that a node's instance_info names by its address, as Metal3, Terraform and Ansible do.
struct ImageAddress {
    std::string url;
    std::string checksum; ///< "sha256:<hex>", "sha512:<hex>", or a checksum file's URL
};
/// image_source with image_os_hash_algo and image_os_hash_value, or image_checksum. @throws Error
/// InvalidInput: no address that bmd fetches, no checksum, MD5, or kernel and ramdisk of a partition image
ImageAddress imageAddressOf(const nlohmann::json& instanceInfo);
/// @throws Error InvalidInput: bmd does not request @p address for @p party (images.project_schemes, the
/// policy of outgoing requests)
void requireReachable(const Context& context, const ImageAddress& address, const ImageParty& party);

/// The image that @p party fetched from that address with that checksum, in any state. Where there is none,
/// or its import failed, a new import begins. Other parties' images of the same address are other images.
/// @param by  the actor that the event names
model::Image imageByUrl(db::Transaction& tx, const Context& context, const ImageAddress& address,
                        const ImageParty& party, const std::string& by);

/// The name of the image on a node, from its @p instanceInfo; "" when it names none.
std::string carriedImage(const nlohmann::json& instanceInfo);

} // namespace bm::conductor
