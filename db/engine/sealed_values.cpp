#include "db/engine/sealed_values.h"

#include "db/engine/sqlite.h"
#include "db/engine/values.h"

#include <fmt/format.h>
#include <string_view>

namespace bm::db {

namespace {

constexpr std::string_view kMark = "sealed:1:";
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";

using Again = std::function<std::optional<std::string>(const std::string& sealed)>;

/// @p text with its sealed parts sealed again.
std::string resealed(const std::string& text, const Again& again, Resealed& count)
{
    std::string out;
    std::size_t done = 0;
    for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, done)) {
        const std::size_t end = std::min(text.find_first_not_of(kBase64, at + kMark.size()), text.size());
        const std::string sealed = text.substr(at, end - at);
        const std::optional<std::string> fresh = again(sealed);
        ++(fresh ? count.values : count.lost);
        out += text.substr(done, at - done) + fresh.value_or(sealed);
        done = end;
    }
    return out + text.substr(done);
}

std::vector<std::string> firstColumn(Transaction& tx, const std::string& sql)
{
    std::vector<std::string> texts;
    for (Row& row : tx.query(sql, {}))
        texts.push_back(takeText(row.at(0)));
    return texts;
}

void resealColumn(Transaction& tx, const std::string& table, const std::string& column, const Again& again,
                  Resealed& count)
{
    const std::string where = fmt::format("instr(\"{}\", '{}') > 0", column, kMark);
    for (Row& row :
         tx.query(fmt::format("select rowid, \"{}\" from \"{}\" where {}", column, table, where), {})) {
        const std::string text = takeText(row.at(1));
        if (const std::string fresh = resealed(text, again, count); fresh != text)
            tx.execute(fmt::format("update \"{}\" set \"{}\" = $1 where rowid = $2", table, column),
                       {fresh, row.at(0)});
    }
}

} // namespace

void forgetFreed(const DatabaseSettings& settings)
{
    sqlite::Connection connection(settings.file, sqlite::Role::Writer, settings.durable);
    connection.run("vacuum");
    connection.query("pragma wal_checkpoint(truncate)", {});
}

Resealed resealAll(Database& database, const Again& again)
{
    return database.write([&](Transaction& tx) {
        Resealed count;
        for (const std::string& table : firstColumn(
                 tx, "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"))
            for (const std::string& column : firstColumn(
                     tx,
                     fmt::format("select name from pragma_table_info('{}') where lower(type) like '%text%'",
                                 table)))
                resealColumn(tx, table, column, again, count);
        return count;
    });
}

} // namespace bm::db
