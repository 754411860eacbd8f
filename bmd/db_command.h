#pragma once
#include "bmd/config.h"

#include <CLI/CLI.hpp>

#include <string>

namespace bm::bmd {

/// What `bmd db ...` got on its command line.
struct DbOptions {
    CLI::App* command = nullptr; ///< "db"; parsed() tells whether it was given
    std::string file;
    bool withImages = false;
    bool withoutKey = false;
    bool hash = false;
};

/// Adds `db backup|restore|check` to @p app; @p options outlives it.
void addDbCommand(CLI::App& app, DbOptions& options);
/// Runs the subcommand that was given. @return the exit code: 1 when a check found something
/// @throws Error as in bmd/backup/backup.h and check.h
int runDb(const Config& config, const DbOptions& options);

} // namespace bm::bmd
