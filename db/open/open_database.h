#pragma once
#include "db/engine/database.h"
#include "db/engine/engine.h"

#include <cstdint>
#include <filesystem>
#include <memory>

namespace bm::db {

struct DatabaseSettings {
    std::filesystem::path file; ///< of the embedded engine; empty: in RAM, gone with the engine
    int readers = 4;            ///< connections for reading
    bool durable = true;        ///< a commit is on the disk when it returns; false only in tests and --dev
};

/// The engine that @p settings name. Opens nothing yet.
std::unique_ptr<Engine> makeEngine(const DatabaseSettings& settings);
/// Opens the database with bm's schema, which it creates or upgrades. @throws as Database's constructor
Database openDatabase(const DatabaseSettings& settings);

/// One snapshot of an existing database with this bmd's schema, for tools beside a running bmd. Creates and
/// upgrades nothing.
class DatabaseView {
public:
    /// @throws Error NotFound (no such file), Conflict (not bm's, or of another schema)
    explicit DatabaseView(const DatabaseSettings& settings);
    Transaction& tx() { return *connection_; } ///< reads only
    const Engine& engine() const { return *engine_; }
    std::int64_t schema() const { return schema_; }

private:
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Connection> connection_;
    std::int64_t schema_ = 0;
};

/// The schema that this bmd reads and writes.
std::int64_t newestSchema();

} // namespace bm::db
