#pragma once
#include "bmd/backup/backup_places.h"
#include "bmd/config.h"

#include <CLI/CLI.hpp>

#include <string>

namespace bm::bmd {

/// The options of `bmd db ...`.
struct DbOptions {
    CLI::App* command = nullptr; ///< "db"; parsed() is true when it is on the command line
    std::string file;
    bool withImages = false;
    bool withoutKey = false;
    bool hash = false;
};

/// The paths of the state that @p config names.
BackupPlaces placesOf(const Config& config);
/// Adds `db backup|restore|check` to @p app. @p options must outlive @p app.
void addDbCommand(CLI::App& app, DbOptions& options);
/// Runs the parsed subcommand. @return the exit code: 1 when a check failed
/// @throws Error as in bmd/backup/backup.h and check.h
int runDb(const Config& config, const DbOptions& options);

} // namespace bm::bmd
