#pragma once
#include <string>
#include <string_view>

namespace bm::db {

/// What the engines differ in when tables are made. The rest of the SQL in this folder is written in what
/// they share: $n, returning, on conflict do update, row values, partial indexes, like ... escape.
struct Dialect {
    std::string_view name;
    std::string_view risingKey; ///< a bigint primary key that the engine hands out, never twice
    std::string_view text;      ///< text compared byte by byte, whatever the locale
    std::string_view refuse;    ///< has {verb} on {table} refused: a trigger
};

const Dialect& sqliteDialect();
/// @p statement with {rising_key} and {text} in the engine's words; "{refuse update on audit}" makes a table
/// append-only, a verb at a time.
std::string inDialect(const Dialect& dialect, std::string_view statement);

} // namespace bm::db
