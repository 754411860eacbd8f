#include "db/open/open_database.h"

#include "common/model/error.h"
#include "db/engine/sqlite/sqlite_engine.h"
#include "db/schema/schema.h"

#include <fmt/format.h>

#include <algorithm>

namespace bm::db {

std::unique_ptr<Engine> makeEngine(const DatabaseSettings& settings)
{
    std::unique_ptr<Engine> engine = sqlite::makeSqliteEngine(
        {settings.file, static_cast<std::size_t>(std::max(settings.readers, 1)), settings.durable});
    return settings.around ? settings.around(std::move(engine)) : std::move(engine);
}

Database openDatabase(const DatabaseSettings& settings)
{
    return Database(makeEngine(settings), allMigrations());
}

DatabaseView::DatabaseView(const DatabaseSettings& settings) : engine_(makeEngine(settings))
{
    using model::Error;
    using model::ErrorCode;
    if (!std::filesystem::exists(settings.file))
        throw Error(ErrorCode::NotFound, fmt::format("there is no database {}", settings.file.string()),
                    "bmd creates it at its first start; check that --config names the right configuration");
    connection_ = engine_->connect(Access::Read);
    connection_->begin(Access::Read);
    const std::vector<std::string> tables = engine_->tables(*connection_);
    if (std::find(tables.begin(), tables.end(), "schema_migrations") == tables.end())
        throw Error(ErrorCode::Conflict, fmt::format("{} is not a database of bm", engine_->place()),
                    "set database.file to bmd's database");
    schema_ = schemaVersion(*connection_);
    if (schema_ != newestSchema())
        throw Error(ErrorCode::Conflict,
                    fmt::format("{} has schema version {}, but this bmd needs version {}", engine_->place(),
                                schema_, newestSchema()),
                    "use the bmd of this database, or start this bmd to upgrade it");
}

std::int64_t newestSchema()
{
    return allMigrations().back().version;
}

} // namespace bm::db
