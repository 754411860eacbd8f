#pragma once
#include "db/engine/database.h"
#include "db/engine/dialect.h"

#include <span>
#include <string>
#include <string_view>

namespace bm::db {

/// One change of the schema: single statements, done in one transaction. A released one is never edited.
struct Migration {
    int version;
    std::string_view name;
    std::span<const std::string_view> statements;
};

/// All of them, oldest first, versions 1, 2, 3 ...
std::span<const Migration> allMigrations();

/// Runs a function inside a transaction of the engine's, which is undone when it throws.
using InTransaction = void (*)(Transaction& tx, const std::function<void()>& unit);

/// Brings the schema to the last of @p migrations; what is applied already is left alone.
/// @param place  what the database is called in messages
/// @throws Error Conflict when the schema is newer than @p migrations or the tables are not bm's
void migrate(Transaction& tx, InTransaction inTransaction, const Dialect& dialect,
             std::span<const Migration> migrations, const std::string& place);

} // namespace bm::db
