#pragma once
#include "db/engine/engine.h"

#include <filesystem>
#include <memory>

namespace bm::db::sqlite {

struct SqliteSettings {
    std::filesystem::path file; ///< empty: a file in RAM, deleted with the engine
    std::size_t readers = 4;
    bool durable = true; ///< synchronous=FULL; false only in tests and --dev
};

/// The engine for one SQLite file. connect() opens the file.
std::unique_ptr<Engine> makeSqliteEngine(SqliteSettings settings);

} // namespace bm::db::sqlite
