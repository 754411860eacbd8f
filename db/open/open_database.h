#pragma once
#include "db/engine/database.h"
#include "db/engine/engine.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

namespace bm::db {

struct DatabaseSettings {
    std::filesystem::path file; ///< file of the embedded engine; empty: in RAM, deleted with the engine
    int readers = 4;            ///< number of read connections
    bool durable = true;        ///< a commit returns when it is on the disk; false only in tests and --dev
    /// For tests: an engine around the embedded one, which lets commits fail.
    std::function<std::unique_ptr<Engine>(std::unique_ptr<Engine>)> around{};
};

/// Creates the engine for @p settings. Opens nothing yet.
std::unique_ptr<Engine> makeEngine(const DatabaseSettings& settings);
/// Opens the database, and creates or upgrades bm's schema. @throws as Database's constructor
Database openDatabase(const DatabaseSettings& settings);

/// A snapshot of an existing database with this bmd's schema, for tools beside a running bmd. Creates and
/// upgrades nothing.
class DatabaseView {
public:
    /// @throws Error NotFound (no such file), Conflict (not bm's, or another schema)
    explicit DatabaseView(const DatabaseSettings& settings);
    Transaction& tx() { return *connection_; } ///< for reading only
    const Engine& engine() const { return *engine_; }
    std::int64_t schema() const { return schema_; }

private:
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Connection> connection_;
    std::int64_t schema_ = 0;
};

/// The schema version of this bmd.
std::int64_t newestSchema();

} // namespace bm::db
