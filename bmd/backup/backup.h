#pragma once
#include "bmd/backup/backup_manifest.h"
#include "bmd/backup/backup_places.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace bm::bmd {

struct BackupResult {
    BackupManifest manifest;
    std::vector<std::string> missingImages; ///< names of images whose blocks the store lacks
};

/// Writes one snapshot of the database to @p file (a tar archive, mode 0600); with @p withImages also the
/// blocks of all images. bmd may run at the same time. The backup never contains the keys.
/// @throws Error NotFound (no database, no key), Conflict (@p file exists, another schema), StoreFull
BackupResult writeBackup(const BackupPlaces& places, const std::filesystem::path& file, bool withImages,
                         const BackupProgress& progress);

struct RestoreOptions {
    bool withoutKey = false; ///< restore even when the key for the secrets is missing
};

struct RestoreResult {
    BackupManifest manifest;
    std::size_t secrets = 0;                ///< sealed values in the database
    std::size_t lostSecrets = 0;            ///< sealed values that this server's key does not open
    std::vector<std::string> missingImages; ///< names of images whose blocks the store lacks
};

/// Restores a backup into the empty @p places, completely or not at all.
/// @throws Error InvalidInput (not a backup, damaged), Conflict (a database exists, a bmd runs, another key),
/// NotFound (no such file, no key), StoreFull
RestoreResult restoreBackup(const BackupPlaces& places, const std::filesystem::path& file,
                            const RestoreOptions& options, const BackupProgress& progress);

/// Extracts all entries of @p file to the folders of @p places, which exist and are empty.
/// @throws Error as restoreBackup(), except for the key
BackupManifest unpackBackup(const BackupPlaces& places, const std::filesystem::path& file,
                            const BackupProgress& progress);

/// A fingerprint that identifies the key in @p keyFile without revealing it.
/// @throws Error NotFound, Conflict (a key rotation is unfinished)
std::string keyFingerprint(const std::filesystem::path& keyFile);

/// Names of the entries of a backup.
inline constexpr const char* kManifestEntry = "backup.json";
inline constexpr const char* kDatabaseEntry = "database";
inline constexpr const char* kImagesEntry = "images/"; ///< followed by the store's file names

/// All images of @p tx whose blocks the store should have.
std::vector<BackupImage> imagesWithBlocks(db::Transaction& tx);
/// The names of the images whose files the store's folder lacks. Empty with a bucket, which holds the
/// objects.
std::vector<std::string> missingFrom(const BackupPlaces& places, const std::vector<BackupImage>& images);

} // namespace bm::bmd
