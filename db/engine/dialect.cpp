#include "db/engine/dialect.h"

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
    static constexpr Dialect kSqlite{"sqlite", "integer primary key autoincrement", "text",
                                     "create trigger {table}_refuses_{verb} before {verb} on {table} "
                                     "begin select raise(abort, 'rows of {table} are only ever added'); end"};
    return kSqlite;
}

std::string inDialect(const Dialect& dialect, std::string_view statement)
{
    std::string text(statement);
    constexpr std::string_view kRefuse = "{refuse ";
    constexpr std::string_view kOn = " on ";
    if (text.starts_with(kRefuse) && text.ends_with('}')) {
        const std::size_t on = text.find(kOn);
        const std::string verb = text.substr(kRefuse.size(), on - kRefuse.size());
        const std::string table = text.substr(on + kOn.size(), text.size() - on - kOn.size() - 1);
        text = dialect.refuse;
        replaceAll(text, "{verb}", verb);
        replaceAll(text, "{table}", table);
        return text;
    }
    replaceAll(text, "{rising_key}", dialect.risingKey);
    replaceAll(text, "{text}", dialect.text);
    return text;
}

} // namespace bm::db
