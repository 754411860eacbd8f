#include "common/wire/image_json.h"

#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/resources/resource_links.h"

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
    out.key("kind").string(model::toText(image.kind));
    out.key("owner").stringOrNull(image.owner);
    out.key("visibility").string(model::toText(image.visibility));
    out.key("content_id").stringOrNull(image.contentId);
    out.key("size_bytes").number(image.sizeBytes);
    out.key("stored_bytes").number(image.storedBytes);
    out.key("data_bytes").number(image.dataBytes);
    out.key("source_format").stringOrNull(image.sourceFormat);
    out.key("source").stringOrNull(image.source);
    out.key("manifest_sha256").stringOrNull(image.manifestSha256);
    out.key("architecture").stringOrNull(image.architecture);
    out.key("boot_mode").stringOrNull(image.bootMode);
    out.key("description").json(image.description);
    out.key("labels").json(image.labels);
    out.key("verified_at").timeOrNull(image.verifiedAt);
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
    if (checksum.empty() || checksum.find("://") != std::string::npos)
        return;
    const std::size_t colon = checksum.find(':');
    const std::string kind = checksum.substr(0, colon);
    const std::string hex = colon == std::string::npos ? "" : checksum.substr(colon + 1);
    const bool digits = std::all_of(hex.begin(), hex.end(),
                                    [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
    if (!digits || !((kind == "sha256" && hex.size() == 64) || (kind == "sha512" && hex.size() == 128)))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("checksum: \"{}\" is not one that bm knows", checksum.substr(0, 80)),
                    "sha256:<64 hex digits>, sha512:<128 hex digits>, or the address of a checksum file");
}

namespace {

void checkLabel(const std::string& name, const std::string& value)
{
    constexpr std::size_t kMostValueBytes = 256;
    if (!model::isImageName(name))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("labels: \"{}\" is not a label's name", name.substr(0, 80)),
                    "letters, digits and - . _");
    if (value.size() > kMostValueBytes)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("labels.{}: longer than {} bytes", name, kMostValueBytes),
                    "write it shorter");
}

std::map<std::string, std::optional<std::string>> labelsMember(const nlohmann::json& body)
{
    std::map<std::string, std::optional<std::string>> labels;
    const nlohmann::json* given = memberOf(body, "labels");
    if (given == nullptr)
        return labels;
    if (!given->is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("labels: expected an object, got {}", kindOf(*given)));
    for (const auto& [name, value] : given->items()) {
        const std::string text = value.is_null() ? "" : asString(value, "labels." + name);
        checkLabel(name, text);
        labels[name] = value.is_null() ? std::nullopt : std::optional(text);
    }
    return labels;
}

/// The members "owner" (null: the system) and "visibility" of @p body.
ImageSharing sharingMember(const nlohmann::json& body)
{
    std::optional<std::string> owner;
    std::optional<std::string> visibility;
    if (const nlohmann::json* value = memberOf(body, "owner"))
        owner = asString(*value, "owner");
    else if (body.contains("owner"))
        owner = "";
    if (const nlohmann::json* value = memberOf(body, "visibility"))
        visibility = asString(*value, "visibility");
    return imageSharingFrom(owner, visibility);
}

} // namespace

ImageSharing imageSharingFrom(const std::optional<std::string>& owner,
                              const std::optional<std::string>& visibility)
{
    constexpr std::size_t kLongestOwner = 255; // as of a node
    if (owner && owner->size() > kLongestOwner)
        throw Error(ErrorCode::InvalidInput, fmt::format("owner: longer than {} bytes", kLongestOwner),
                    "the name of a project");
    ImageSharing sharing;
    sharing.owner = owner;
    if (visibility) {
        sharing.visibility = model::imageVisibilityFromText(*visibility);
        if (!sharing.visibility)
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("visibility: unknown value \"{}\"", visibility->substr(0, 40)),
                        "public, or project: for the owner's project");
    }
    return sharing;
}

std::pair<std::string, std::string> labelFromText(const std::string& text)
{
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
        throw Error(ErrorCode::InvalidInput, fmt::format("label: \"{}\" has no value", text.substr(0, 80)),
                    "write it as os=debian");
    std::pair<std::string, std::string> label{text.substr(0, equals), text.substr(equals + 1)};
    checkLabel(label.first, label.second);
    return label;
}

model::JsonText changedLabels(const model::JsonText& labels,
                              const std::map<std::string, std::optional<std::string>>& changes)
{
    nlohmann::json all = nlohmann::json::parse(labels.text);
    for (const auto& [name, value] : changes)
        if (value)
            all[name] = *value;
        else
            all.erase(name);
    if (all.size() > kMostLabels)
        throw Error(ErrorCode::InvalidInput, fmt::format("labels: more than {}", kMostLabels),
                    "take some away");
    return canonical(all);
}

bool hasLabels(const model::JsonText& labels, const std::map<std::string, std::string>& wanted)
{
    const nlohmann::json all = nlohmann::json::parse(labels.text);
    return std::ranges::all_of(wanted, [&all](const auto& label) {
        const auto found = all.find(label.first);
        return found != all.end() && *found == label.second;
    });
}

std::optional<model::ImageKind> imageKindWanted(const std::string& text)
{
    const std::optional<model::ImageKind> kind = model::imageKindFromText(text);
    if (!kind && !text.empty())
        throw Error(ErrorCode::InvalidInput, fmt::format("kind: unknown value \"{}\"", text.substr(0, 40)),
                    "disk, tree or ramdisk; without kind bmd detects it by the content");
    return kind;
}

ImageChange imageChangeFromBody(const nlohmann::json& body)
{
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the body: expected an object, got {}", kindOf(body)));
    refuseUnknown(body, {"architecture", "boot_mode", "labels", "kernel_arguments", "owner", "visibility"},
                  "image");
    ImageChange change;
    change.sharing = sharingMember(body);
    change.labels = labelsMember(body);
    if (const nlohmann::json* value = memberOf(body, "architecture")) {
        const std::string text = asString(*value, "architecture");
        change.architecture = text == "any" ? "" : text;
    }
    if (const nlohmann::json* value = memberOf(body, "boot_mode")) {
        const std::string text = asString(*value, "boot_mode");
        if (text != "uefi" && text != "bios" && text != "any" && !text.empty())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("boot_mode: unknown value \"{}\"", text.substr(0, 40)),
                        "uefi, bios or any");
        change.bootMode = text == "any" ? "" : text;
    }
    if (const nlohmann::json* value = memberOf(body, "kernel_arguments"))
        change.kernelArguments = asString(*value, "kernel_arguments");
    return change;
}

ImageRequest imageFromBody(const nlohmann::json& body)
{
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("the body: expected an object, got {}", kindOf(body)));
    refuseUnknown(body,
                  {"name", "url", "checksum", "labels", "kind", "kernel_arguments", "owner", "visibility"},
                  "image");
    ImageRequest wanted{stringMember(body, "name"),
                        stringMember(body, "url"),
                        stringMember(body, "checksum"),
                        changedLabels({}, labelsMember(body)),
                        imageKindWanted(stringMember(body, "kind")),
                        {},
                        sharingMember(body)};
    if (const nlohmann::json* value = memberOf(body, "kernel_arguments"))
        wanted.kernelArguments = asString(*value, "kernel_arguments");
    checkImageName(wanted.name);
    checkChecksum(wanted.checksum);
    if (wanted.url.empty())
        throw Error(ErrorCode::InvalidInput, "url: is needed",
                    "http://, https://, s3://bucket/key or bm://host:6385/NAME; a file is uploaded instead");
    return wanted;
}

} // namespace bm::wire
