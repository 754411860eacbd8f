#pragma once
#include "db/engine/engine.h"
#include "db/engine/sqlite/sqlite_connection.h"

#include <filesystem>

namespace bm::db::sqlite {

/// Copies the snapshot of @p source to the new @p file, without a -wal file. Other connections may write to
/// the source at the same time. @throws Error Conflict (@p file exists), StoreFull, Internal
void copySnapshot(SqliteConnection& source, const std::filesystem::path& file, const CopyProgress& progress);

} // namespace bm::db::sqlite
