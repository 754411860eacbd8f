#pragma once
#include "db/engine/engine.h"

#include <span>
#include <string_view>

namespace bm::db {

/// One change of the schema: single statements, executed in one transaction. A released migration is never
/// edited.
struct Migration {
    int version;
    std::string_view name;
    std::span<const std::string_view> statements;
};

/// The version of the schema; 0: no schema.
std::int64_t schemaVersion(Transaction& tx);

/// Applies the missing migrations to the database of @p connection, each in its own transaction.
/// @param migrations  all of them, oldest first, versions 1, 2, 3 ...
/// @throws Error Conflict when the schema is newer than @p migrations or the tables are not bm's
void migrate(Connection& connection, const Engine& engine, std::span<const Migration> migrations);

} // namespace bm::db
