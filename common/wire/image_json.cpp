#include "common/wire/image_json.h"

#include "common/model/error.h"
#include "common/wire/json_input.h"
#include "common/wire/resource_links.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;

void writeImage(JsonWriter& out, const model::Image& image, std::string_view base)
{
    out.beginObject();
    out.key("uuid").string(image.id.uuid);
    out.key("name").string(image.name);
    out.key("state").string(model::toText(image.state));
    out.key("content_id").stringOrNull(image.contentId);
    out.key("size_bytes").number(image.sizeBytes);
    out.key("stored_bytes").number(image.storedBytes);
    out.key("data_bytes").number(image.dataBytes);
    out.key("source_format").stringOrNull(image.sourceFormat);
    out.key("source").stringOrNull(image.source);
    out.key("manifest_sha256").stringOrNull(image.manifestSha256);
    out.key("architecture").stringOrNull(image.architecture);
    out.key("boot_mode").stringOrNull(image.bootMode);
    out.key("progress_bytes").number(image.progressBytes);
    out.key("progress_total_bytes").number(image.progressTotalBytes);
    out.key("error");
    if (image.errorCode.empty())
        out.null();
    else
        out.beginObject()
            .key("code")
            .string(image.errorCode)
            .key("message")
            .string(image.errorMessage)
            .key("hint")
            .string(image.errorHint)
            .endObject();
    out.key("created_at").time(image.createdAt);
    out.key("updated_at").time(image.updatedAt);
    writeLinks(out.key("links"), base, "images/" + image.id.uuid);
    out.endObject();
}

void checkImageName(const std::string& name)
{
    if (name.empty())
        throw Error(ErrorCode::InvalidInput, "name: an image needs a name", "bm image add FILE --name NAME");
    if (!model::isImageName(name))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("name: \"{}\" is not a valid image name", name.substr(0, 80)),
                    "letters, digits and - . _ ; at most 128; not in the form of a uuid");
}

void checkChecksum(const std::string& checksum)
{
    if (checksum.empty())
        return;
    const std::size_t colon = checksum.find(':');
    const std::string kind = checksum.substr(0, colon);
    const std::string hex = colon == std::string::npos ? "" : checksum.substr(colon + 1);
    const bool digits = std::all_of(hex.begin(), hex.end(),
                                    [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
    if (!digits || !((kind == "sha256" && hex.size() == 64) || (kind == "sha512" && hex.size() == 128)))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("checksum: \"{}\" is not one that bm knows", checksum.substr(0, 80)),
                    "sha256:<64 hex digits> or sha512:<128 hex digits>");
}

ImageChange imageChangeFromBody(const nlohmann::json& body)
{
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the body: expected an object, got {}", kindOf(body)));
    refuseUnknown(body, {"architecture", "boot_mode"}, "image");
    ImageChange change;
    if (const nlohmann::json* value = memberOf(body, "architecture")) {
        const std::string text = asString(*value, "architecture");
        change.architecture = text == "any" ? "" : text;
    }
    if (const nlohmann::json* value = memberOf(body, "boot_mode")) {
        const std::string text = asString(*value, "boot_mode");
        if (text != "uefi" && text != "bios" && text != "any" && !text.empty())
            throw Error(ErrorCode::InvalidInput, fmt::format("boot_mode: \"{}\" is none", text.substr(0, 40)),
                        "uefi, bios or any");
        change.bootMode = text == "any" ? "" : text;
    }
    return change;
}

ImageRequest imageFromBody(const nlohmann::json& body)
{
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the body: expected an object, got {}", kindOf(body)));
    refuseUnknown(body, {"name", "url", "checksum"}, "image");
    ImageRequest wanted{stringMember(body, "name"), stringMember(body, "url"),
                        stringMember(body, "checksum")};
    checkImageName(wanted.name);
    checkChecksum(wanted.checksum);
    if (!wanted.url.starts_with("http://") && !wanted.url.starts_with("https://"))
        throw Error(ErrorCode::InvalidInput, "url: expected an http:// or https:// address",
                    "a file is uploaded instead: bm image add FILE --name NAME");
    return wanted;
}

} // namespace bm::wire
