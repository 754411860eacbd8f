#include "db/dialect.h"

namespace bm::db {
namespace {

void replaceAll(std::string& text, std::string_view what, std::string_view with)
{
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

} // namespace

const Dialect& sqliteDialect()
{
    // Autoincrement: without it SQLite hands the highest number out again after its row was deleted.
    static constexpr Dialect kSqlite{"sqlite", "integer primary key autoincrement", "text"};
    return kSqlite;
}

std::string inDialect(const Dialect& dialect, std::string_view statement)
{
    std::string text(statement);
    replaceAll(text, "{rising_key}", dialect.risingKey);
    replaceAll(text, "{text}", dialect.text);
    return text;
}

} // namespace bm::db
