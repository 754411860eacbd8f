#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bm::bmd {

/// An image whose blocks the database refers to.
struct BackupImage {
    std::string name;
    std::string contentId;
    std::string manifestSha256;
    std::uint64_t storedBytes = 0;
};

/// The first entry of a backup: its content and its requirements.
struct BackupManifest {
    std::string bmdVersion;
    std::string createdAt; ///< UTC, "2026-11-29T18:00:00Z"
    std::int64_t schema = 0;
    std::string keyFingerprint; ///< of the key file for the secrets in the database
    std::int64_t nodes = 0;
    bool withImages = false; ///< the blocks of all images follow the database
    std::vector<BackupImage> images;
};

std::string toJson(const BackupManifest& manifest);
/// @param file  name for messages. @throws Error InvalidInput (not a backup of bm), Conflict (a newer format)
BackupManifest backupManifestFromJson(std::string_view json, const std::string& file);

} // namespace bm::bmd
