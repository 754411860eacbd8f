#pragma once
#include "db/engine/engine.h"

#include <filesystem>
#include <memory>

namespace bm::db::sqlite {

struct SqliteSettings {
    std::filesystem::path file; ///< empty: a file in RAM that ends with the engine
    std::size_t readers = 4;
    bool durable = true; ///< synchronous=FULL; false only in tests and --dev
};

/// The engine on one SQLite file. Opens nothing until it is asked for a connection.
std::unique_ptr<Engine> makeSqliteEngine(SqliteSettings settings);

} // namespace bm::db::sqlite
