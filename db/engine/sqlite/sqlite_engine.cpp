#include "db/engine/sqlite/sqlite_engine.h"

#include "db/engine/sqlite/sqlite_connection.h"
#include "db/engine/sqlite/sqlite_copy.h"
#include "db/engine/sqlite/volatile_file.h"

#include <fmt/format.h>

namespace bm::db::sqlite {
namespace {

// Autoincrement: otherwise SQLite reuses the highest number after its row was deleted.
constexpr Dialect kDialect{"sqlite",
                           "integer primary key autoincrement",
                           "text",
                           "create trigger {table}_refuses_{verb} before {verb} on {table} "
                           "begin select raise(abort, 'rows of {table} are only ever added'); end",
                           "drop trigger {table}_refuses_{verb}",
                           "create trigger {table}_keeps before delete on {table} "
                           "when old.sequence > (select sequence from {floor}) "
                           "begin select raise(abort, 'only the retention removes rows of {table}'); end",
                           "create table {name} as select coalesce(max({column}), 0) as value from {table}"};

constexpr int kMostProblems = 10;

/// The texts of the first column.
std::vector<std::string> texts(const std::vector<Row>& rows)
{
    std::vector<std::string> found;
    found.reserve(rows.size());
    for (const Row& row : rows)
        found.push_back(std::get<std::string>(row.at(0)));
    return found;
}

std::vector<std::string> brokenReferences(Transaction& tx)
{
    std::vector<std::string> problems;
    for (const Row& row : tx.query(
             fmt::format(
                 "select \"table\", parent, count(*) from pragma_foreign_key_check group by 1, 2 limit {}",
                 kMostProblems),
             {}))
        problems.push_back(fmt::format("{} rows of {} refer to rows of {} that do not exist",
                                       std::get<std::int64_t>(row.at(2)), std::get<std::string>(row.at(0)),
                                       std::get<std::string>(row.at(1))));
    return problems;
}

class SqliteEngine final : public Engine {
public:
    explicit SqliteEngine(SqliteSettings settings)
        : settings_(std::move(settings)),
          volatile_(settings_.file.empty() ? std::make_unique<VolatileFile>() : nullptr)
    {
        if (volatile_) {
            settings_.file = volatile_->path();
            settings_.durable = false;
        }
    }
    std::string place() const override { return settings_.file.string(); }
    const Dialect& dialect() const override { return kDialect; }
    std::size_t readers() const override { return settings_.readers; }
    std::unique_ptr<Connection> connect(Access access) const override
    {
        return std::make_unique<SqliteConnection>(settings_.file, access, settings_.durable);
    }
    std::vector<std::string> tables(Transaction& tx) const override
    {
        return texts(
            tx.query("select name from sqlite_schema where type = 'table' and name not like 'sqlite%'", {}));
    }
    std::vector<std::string> problems(Transaction& tx, CheckDepth depth) const override;
    void rewriteTexts(Transaction& tx, std::string_view part,
                      const std::function<std::string(const std::string&)>& rewrite) const override;
    void eraseDeleted() const override;
    void copyTo(const std::filesystem::path& file, const CopyProgress& progress) const override
    {
        SqliteConnection source(settings_.file, Access::Read, settings_.durable);
        copySnapshot(source, file, progress);
    }

private:
    SqliteSettings settings_;
    std::unique_ptr<VolatileFile> volatile_;
};

std::vector<std::string> SqliteEngine::problems(Transaction& tx, CheckDepth depth) const
{
    const bool quick = depth == CheckDepth::Quick;
    std::vector<std::string> found = texts(
        tx.query(fmt::format("pragma {}({})", quick ? "quick_check" : "integrity_check", kMostProblems), {}));
    std::erase(found, "ok");
    if (!quick)
        for (std::string& broken : brokenReferences(tx))
            found.push_back(std::move(broken));
    return found;
}

void SqliteEngine::rewriteTexts(Transaction& tx, std::string_view part,
                                const std::function<std::string(const std::string&)>& rewrite) const
{
    const auto rewriteColumn = [&](const std::string& table, const std::string& column) {
        const std::string select =
            fmt::format("select rowid, \"{0}\" from \"{1}\" where instr(\"{0}\", $1) > 0", column, table);
        const std::string update =
            fmt::format("update \"{}\" set \"{}\" = $1 where rowid = $2", table, column);
        for (const Row& row : tx.query(select, {std::string(part)})) {
            const auto& text = std::get<std::string>(row.at(1));
            if (const std::string fresh = rewrite(text); fresh != text)
                tx.execute(update, {fresh, row.at(0)});
        }
    };
    for (const std::string& table : tables(tx))
        for (const std::string& column : texts(tx.query(
                 fmt::format("select name from pragma_table_info('{}') where lower(type) like '%text%'",
                             table),
                 {})))
            rewriteColumn(table, column);
}

void SqliteEngine::eraseDeleted() const
{
    SqliteConnection connection(settings_.file, Access::Write, settings_.durable);
    connection.run("vacuum");
    connection.query("pragma wal_checkpoint(truncate)", {});
}

} // namespace

std::unique_ptr<Engine> makeSqliteEngine(SqliteSettings settings)
{
    return std::make_unique<SqliteEngine>(std::move(settings));
}

} // namespace bm::db::sqlite
