#pragma once
#include "bmd/backup/backup_places.h"
#include "db/engine/sealed_values.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::bmd {

/// One result of a check.
struct CheckLine {
    bool good = true;
    std::string text;
    std::string hint{}; ///< for a failed check: the operator's next step
};

/// Checks pages, references, secrets and images of the database and changes nothing. bmd may run.
/// @param hashImages  reads and verifies every block. @throws Error NotFound, Conflict (another schema)
std::vector<CheckLine> checkDatabase(const BackupPlaces& places, bool hashImages,
                                     const BackupProgress& progress);

/// The same checks for a backup, extracted to a temporary folder, against this server's key.
/// @throws Error NotFound, InvalidInput (not a backup, damaged), Conflict (a newer format or schema)
std::vector<CheckLine> checkBackup(const BackupPlaces& places, const std::filesystem::path& file,
                                   bool hashImages, const BackupProgress& progress);

/// Counts the sealed values of @p tx and those that the key in @p keyFile does not open (all without a key).
db::SealedCount sealedValues(db::Transaction& tx, const db::Engine& engine,
                             const std::filesystem::path& keyFile);

} // namespace bm::bmd
