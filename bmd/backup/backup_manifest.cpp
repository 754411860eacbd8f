#include "bmd/backup/backup_manifest.h"

#include "common/model/error.h"
#include "common/model/image.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::bmd {
namespace {

constexpr std::string_view kProgram = "bm backup";
constexpr int kFormat = 1;

BackupManifest parsed(const nlohmann::json& root)
{
    BackupManifest manifest;
    root.at("bmd_version").get_to(manifest.bmdVersion);
    root.at("created_at").get_to(manifest.createdAt);
    root.at("schema").get_to(manifest.schema);
    root.at("key_fingerprint").get_to(manifest.keyFingerprint);
    root.at("nodes").get_to(manifest.nodes);
    root.at("with_images").get_to(manifest.withImages);
    for (const nlohmann::json& image : root.at("images"))
        manifest.images.push_back(
            {image.at("name").get<std::string>(), image.at("content_id").get<std::string>(),
             image.at("manifest_sha256").get<std::string>(), image.at("stored_bytes").get<std::uint64_t>()});
    for (const BackupImage& image : manifest.images)
        if (!model::isContentId(image.contentId)) // the content id becomes a file name
            throw model::Error(model::ErrorCode::InvalidInput,
                               "a content id of the backup is not 64 hexadecimal digits",
                               "take another copy of the backup");
    return manifest;
}

} // namespace

std::string toJson(const BackupManifest& manifest)
{
    nlohmann::json images = nlohmann::json::array();
    for (const BackupImage& image : manifest.images)
        images.push_back({{"name", image.name},
                          {"content_id", image.contentId},
                          {"manifest_sha256", image.manifestSha256},
                          {"stored_bytes", image.storedBytes}});
    const nlohmann::json root = {{"program", kProgram},
                                 {"format", kFormat},
                                 {"bmd_version", manifest.bmdVersion},
                                 {"created_at", manifest.createdAt},
                                 {"schema", manifest.schema},
                                 {"key_fingerprint", manifest.keyFingerprint},
                                 {"nodes", manifest.nodes},
                                 {"with_images", manifest.withImages},
                                 {"images", images}};
    return root.dump(2) + "\n";
}

BackupManifest backupManifestFromJson(std::string_view json, const std::string& file)
{
    using model::Error;
    using model::ErrorCode;
    try {
        const nlohmann::json root = nlohmann::json::parse(json);
        if (root.value("program", "") == kProgram && root.value("format", 0) > kFormat)
            throw Error(ErrorCode::Conflict,
                        fmt::format("{} is a backup in format {}, this bmd reads formats up to {}", file,
                                    root.value("format", 0), kFormat),
                        "restore it with the version of bmd that wrote it, or a newer one");
        if (root.value("program", "") == kProgram && root.value("format", 0) == kFormat)
            return parsed(root);
    } catch (const nlohmann::json::exception&) { // the error follows below
    }
    throw Error(ErrorCode::InvalidInput, file + " is not a backup of bm: the first entry is unknown",
                "use a file from bmd db backup");
}

} // namespace bm::bmd
