#pragma once
#include "common/model/image.h"
#include "common/wire/json/json_writer.h"

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace bm::wire {

/// Appends an image in the form of GET /v1/images/{image}; sizes in bytes.
void writeImage(JsonWriter& out, const model::Image& image, std::string_view base);

/// The owner and the visibility of an image; nothing: not given.
struct ImageSharing {
    std::optional<std::string> owner{}; ///< a project; "": the system
    std::optional<model::ImageVisibility> visibility{};
};
/// Of a query's parameters. @throws Error InvalidInput
ImageSharing imageSharingFrom(const std::optional<std::string>& owner,
                              const std::optional<std::string>& visibility);

/// The body of POST /v1/images: bmd fetches the URL itself.
struct ImageRequest {
    std::string name;
    std::string url;
    std::string checksum;     ///< "", "sha256:<hex>", "sha512:<hex>" or the URL of a checksum file
    model::JsonText labels{}; ///< {"os": "debian"}
    std::optional<model::ImageKind> kind{};       ///< nothing: bmd detects it by the content
    std::optional<std::string> kernelArguments{}; ///< of a RAM disk; nothing: those of its source
    ImageSharing sharing{};
};
/// @throws Error InvalidInput naming the field
ImageRequest imageFromBody(const nlohmann::json& body);
/// The body of PATCH /v1/images/{image}; "any" clears architecture and boot mode.
struct ImageChange {
    std::optional<std::string> architecture;
    std::optional<std::string> bootMode;
    std::map<std::string, std::optional<std::string>> labels{}; ///< nothing: removed
    std::optional<std::string> kernelArguments{};               ///< of a RAM disk
    ImageSharing sharing{};                                     ///< by users of the system only
};
/// @throws Error InvalidInput naming the field
ImageChange imageChangeFromBody(const nlohmann::json& body);
/// Checks the name of an image (model::isImageName). @throws Error InvalidInput
void checkImageName(const std::string& name);
/// "disk", "tree", "ramdisk"; "": nothing. @throws Error InvalidInput
std::optional<model::ImageKind> imageKindWanted(const std::string& text);
/// @throws Error InvalidInput unless "" or of the form above
void checkChecksum(const std::string& checksum);
/// @p labels after @p changes. @throws Error InvalidInput (more than kMostLabels)
model::JsonText changedLabels(const model::JsonText& labels,
                              const std::map<std::string, std::optional<std::string>>& changes);
inline constexpr std::size_t kMostLabels = 64;
/// "os=debian". @throws Error InvalidInput (no "=", not a name, a value of more than 256 bytes)
std::pair<std::string, std::string> labelFromText(const std::string& text);
/// True if @p labels hold all of @p wanted.
bool hasLabels(const model::JsonText& labels, const std::map<std::string, std::string>& wanted);

} // namespace bm::wire
