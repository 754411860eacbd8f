#pragma once
#include "db/engine/engine.h"
#include "db/engine/sqlite/sqlite_connection.h"

#include <filesystem>

namespace bm::db::sqlite {

/// Copies the snapshot that @p source sees to the new @p file, which then has no -wal beside it. Others may
/// write to the source meanwhile. @throws Error Conflict (@p file is there), StoreFull, Internal
void copySnapshot(SqliteConnection& source, const std::filesystem::path& file, const CopyProgress& progress);

} // namespace bm::db::sqlite
