#pragma once
#include "common/model/image.h"
#include "common/wire/json_writer.h"

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace bm::wire {

/// Appends an image as GET /v1/images/{image} shows it; sizes in bytes.
void writeImage(JsonWriter& out, const model::Image& image, std::string_view base);

/// The body of POST /v1/images: bmd fetches the URL itself.
struct ImageRequest {
    std::string name;
    std::string url;
    std::string checksum; ///< "", "sha256:<hex>" or "sha512:<hex>"
};
/// @throws Error InvalidInput naming the field
ImageRequest imageFromBody(const nlohmann::json& body);
/// The body of PATCH /v1/images/{image}: what machines it is for; "any" clears.
struct ImageChange {
    std::optional<std::string> architecture;
    std::optional<std::string> bootMode;
};
/// @throws Error InvalidInput naming the field
ImageChange imageChangeFromBody(const nlohmann::json& body);
/// What an image may be called: letters, digits and - . _ , 1 to 128 of them, not starting with a dot or
/// hyphen and not like a UUID. @throws Error InvalidInput
void checkImageName(const std::string& name);
/// @throws Error InvalidInput unless "" or of the form above
void checkChecksum(const std::string& checksum);

} // namespace bm::wire
