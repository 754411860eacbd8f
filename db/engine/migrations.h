#pragma once
#include "db/engine/engine.h"

#include <span>
#include <string_view>

namespace bm::db {

/// One change of the schema: single statements, done in one transaction. A released one is never edited.
struct Migration {
    int version;
    std::string_view name;
    std::span<const std::string_view> statements;
};

/// The version of the schema; 0: none.
std::int64_t schemaVersion(Transaction& tx);

/// Applies the migrations that the database behind @p connection lacks, each in a transaction of its own.
/// @param migrations  all of them, oldest first, versions 1, 2, 3 ...
/// @throws Error Conflict when the schema is newer than @p migrations or the tables are not bm's
void migrate(Connection& connection, const Engine& engine, std::span<const Migration> migrations);

} // namespace bm::db
