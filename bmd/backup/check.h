#pragma once
#include "bmd/backup/backup_places.h"
#include "db/engine/sealed_values.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::bmd {

/// One line of a check.
struct CheckLine {
    bool good = true;
    std::string text;
    std::string hint{}; ///< of a bad one: what the operator does
};

/// Checks pages, references, secrets and images of the database, also of a running bmd; changes nothing.
/// @param hashImages  reads and verifies every block. @throws Error NotFound, Conflict (another schema)
std::vector<CheckLine> checkDatabase(const BackupPlaces& places, bool hashImages,
                                     const BackupProgress& progress);

/// The same for a backup, in a temporary folder, against the key of this server.
/// @throws Error NotFound, InvalidInput (no backup, damaged), Conflict (a newer format or schema)
std::vector<CheckLine> checkBackup(const BackupPlaces& places, const std::filesystem::path& file,
                                   bool hashImages, const BackupProgress& progress);

/// The sealed values of @p tx, and how many of them the key in @p keyFile does not open (all, without a key).
db::SealedCount sealedValues(db::Transaction& tx, const db::Engine& engine,
                             const std::filesystem::path& keyFile);

} // namespace bm::bmd
