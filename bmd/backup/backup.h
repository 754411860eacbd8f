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
    std::vector<std::string> missingImages; ///< names of images whose blocks were not in the store
};

/// Writes one snapshot of the database to @p file (a tar archive, mode 0600), with the blocks of all images
/// where
/// @p withImages says so. bmd may run meanwhile. The keys are not in it.
/// @throws Error NotFound (no database, no key), Conflict (@p file exists, another schema), StoreFull
BackupResult writeBackup(const BackupPlaces& places, const std::filesystem::path& file, bool withImages,
                         const BackupProgress& progress);

struct RestoreOptions {
    bool withoutKey = false; ///< also when the key that opens the secrets is not here
};

struct RestoreResult {
    BackupManifest manifest;
    std::size_t secrets = 0;                ///< sealed values in the database
    std::size_t lostSecrets = 0;            ///< of them, those that the key here does not open
    std::vector<std::string> missingImages; ///< names of images whose blocks are not in the store now
};

/// Puts a backup into the empty @p places. Whole or not at all.
/// @throws Error InvalidInput (no backup, damaged), Conflict (a database is here, a bmd runs, another key),
/// NotFound (no such file, no key), StoreFull
RestoreResult restoreBackup(const BackupPlaces& places, const std::filesystem::path& file,
                            const RestoreOptions& options, const BackupProgress& progress);

/// Extracts all entries of @p file to the folders of @p places, which exist and are empty.
/// @throws Error as restoreBackup(), but for the key
BackupManifest unpackBackup(const BackupPlaces& places, const std::filesystem::path& file,
                            const BackupProgress& progress);

/// A short name of the key in @p keyFile that does not tell the key.
/// @throws Error NotFound, Conflict (an exchange of the key is unfinished)
std::string keyFingerprint(const std::filesystem::path& keyFile);

/// Names of the entries of a backup.
inline constexpr const char* kManifestEntry = "backup.json";
inline constexpr const char* kDatabaseEntry = "database";
inline constexpr const char* kImagesEntry = "images/"; ///< file names of the store follow

/// All images of @p tx whose blocks a store should hold.
std::vector<BackupImage> imagesWithBlocks(db::Transaction& tx);
/// Names of those of @p images whose files are not in the store's folder. With a bucket: none, it holds them.
std::vector<std::string> missingFrom(const BackupPlaces& places, const std::vector<BackupImage>& images);

} // namespace bm::bmd
