#include "db/engine/migrations.h"

#include "common/model/clock.h"
#include "common/model/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::string_view kMigrationsTable = "create table schema_migrations (version bigint primary key, "
                                              "name {text} not null, applied_at bigint not null)";

/// @throws Error Conflict when the database has tables of another program
void ensureMigrationsTable(Transaction& tx, const Engine& engine)
{
    const std::vector<std::string> tables = engine.tables(tx);
    if (std::find(tables.begin(), tables.end(), "schema_migrations") != tables.end())
        return;
    if (!tables.empty())
        throw Error(ErrorCode::Conflict, fmt::format("{} is not a database of bm", engine.place()),
                    "set database.file to another file");
    tx.execute(inDialect(engine.dialect(), kMigrationsTable), {});
}

void apply(Transaction& tx, const Dialect& dialect, const Migration& migration)
{
    for (const std::string_view statement : migration.statements)
        tx.execute(inDialect(dialect, statement), {});
    tx.execute("insert into schema_migrations (version, name, applied_at) values ($1, $2, $3)",
               {std::int64_t{migration.version}, std::string(migration.name),
                model::toMillis(model::SystemClock{}.now())});
}

constexpr int kMaxMigrationTries = 20;

/// @return false when a concurrent transaction, such as another bmd's migration, prevented the commit
template <class Unit> bool tryTransaction(Connection& connection, Unit&& unit)
{
    connection.begin(Access::Write);
    try {
        unit();
        connection.commit();
        return true;
    } catch (const SerializationFailure&) {
        connection.rollback();
        return false;
    } catch (...) {
        connection.rollback();
        throw;
    }
}

/// Runs @p unit until it is committed. An exception of @p unit rolls back.
template <class Unit> void inTransaction(Connection& connection, Unit&& unit)
{
    for (int tries = 0; tries < kMaxMigrationTries; ++tries)
        if (tryTransaction(connection, unit))
            return;
    throw Error(ErrorCode::Unavailable, "other programs keep changing the schema of the database",
                "stop these programs, then start bmd again");
}

} // namespace

std::int64_t schemaVersion(Transaction& tx)
{
    return std::get<std::int64_t>(
        tx.query("select coalesce(max(version), 0) from schema_migrations", {}).at(0).at(0));
}

void migrate(Connection& connection, const Engine& engine, std::span<const Migration> migrations)
{
    std::int64_t version = 0;
    inTransaction(connection, [&] {
        ensureMigrationsTable(connection, engine);
        version = schemaVersion(connection);
    });
    const std::int64_t newest = migrations.empty() ? 0 : migrations.back().version;
    if (version > newest)
        throw Error(
            ErrorCode::Conflict,
            fmt::format("{} has schema version {}, but this bmd supports versions up to {}", engine.place(),
                        version, newest),
            "start the bmd that wrote it, or a newer one, or restore a backup from before the upgrade");
    for (const Migration& migration : migrations)
        if (migration.version > version)
            inTransaction(connection, [&] {
                if (schemaVersion(connection) < migration.version) // another bmd may have applied it
                    apply(connection, engine.dialect(), migration);
            });
}

} // namespace bm::db
