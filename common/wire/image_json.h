#pragma once
#include "common/model/image.h"
#include "common/wire/json/json_writer.h"

#include <map>
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
    std::string checksum;     ///< "", "sha256:<hex>", "sha512:<hex>" or the URL of a checksum file
    model::JsonText labels{}; ///< {"os": "debian"}
    std::optional<model::ImageKind> kind{};       ///< nothing: the content tells
    std::optional<std::string> kernelArguments{}; ///< of a RAM disk; nothing: those that came with it
};
/// @throws Error InvalidInput naming the field
ImageRequest imageFromBody(const nlohmann::json& body);
/// The body of PATCH /v1/images/{image}: what machines it is for; "any" clears.
struct ImageChange {
    std::optional<std::string> architecture;
    std::optional<std::string> bootMode;
    std::map<std::string, std::optional<std::string>> labels{}; ///< nothing: taken away
    std::optional<std::string> kernelArguments{};               ///< of a RAM disk
};
/// @throws Error InvalidInput naming the field
ImageChange imageChangeFromBody(const nlohmann::json& body);
/// What an image may be called: letters, digits and - . _ , 1 to 128 of them, not starting with a dot or
/// hyphen and not like a UUID. @throws Error InvalidInput
void checkImageName(const std::string& name);
/// "disk", "tree", "ramdisk"; "": nothing. @throws Error InvalidInput
std::optional<model::ImageKind> imageKindWanted(const std::string& text);
/// @throws Error InvalidInput unless "" or of the form above
void checkChecksum(const std::string& checksum);
/// @p labels with @p changes made to them. @throws Error InvalidInput (more than kMostLabels)
model::JsonText changedLabels(const model::JsonText& labels,
                              const std::map<std::string, std::optional<std::string>>& changes);
inline constexpr std::size_t kMostLabels = 64;
/// "os=debian". @throws Error InvalidInput (no "=", not a name, a value of more than 256 bytes)
std::pair<std::string, std::string> labelFromText(const std::string& text);
/// Whether @p labels hold all of @p wanted.
bool hasLabels(const model::JsonText& labels, const std::map<std::string, std::string>& wanted);

} // namespace bm::wire
