#include "db/engine/migrations.h"

#include "common/model/clock.h"
#include "common/model/error.h"

#include <fmt/format.h>

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;

bool hasSchemaTable(Transaction& tx)
{
    return !tx.query("select 1 from sqlite_master where type = 'table' and name = 'schema_migrations'", {})
                .empty();
}

void refuseForeignTables(Transaction& tx, const std::string& place)
{
    const auto tables = tx.query(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite%' limit 1", {});
    if (!tables.empty())
        throw Error(ErrorCode::Conflict, fmt::format("{} is a database, but not one of bm's", place),
                    "set database.file to another file");
}

std::int64_t currentVersion(Transaction& tx)
{
    return std::get<std::int64_t>(
        tx.query("select coalesce(max(version), 0) from schema_migrations", {}).at(0).at(0));
}

void apply(Transaction& tx, const Dialect& dialect, const Migration& migration)
{
    for (const std::string_view statement : migration.statements)
        tx.execute(inDialect(dialect, statement), {});
    tx.execute("insert into schema_migrations (version, name, applied_at) values ($1, $2, $3)",
               {std::int64_t{migration.version}, std::string(migration.name),
                model::toMillis(model::SystemClock{}.now())});
}

} // namespace

void migrate(Transaction& tx, InTransaction inTransaction, const Dialect& dialect,
             std::span<const Migration> migrations, const std::string& place)
{
    if (!hasSchemaTable(tx)) {
        refuseForeignTables(tx, place);
        tx.execute(
            inDialect(dialect,
                      "create table schema_migrations (version bigint primary key, name {text} not null, "
                      "applied_at bigint not null)"),
            {});
    }
    const std::int64_t version = currentVersion(tx);
    const std::int64_t newest = migrations.empty() ? 0 : migrations.back().version;
    if (version > newest)
        throw Error(
            ErrorCode::Conflict,
            fmt::format("{} has schema version {}, this bmd knows versions up to {}", place, version, newest),
            "start the bmd that wrote it, or a newer one; or restore a backup from before the upgrade");
    for (const Migration& migration : migrations)
        if (migration.version > version)
            inTransaction(tx, [&] { apply(tx, dialect, migration); });
}

} // namespace bm::db
