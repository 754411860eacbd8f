#pragma once
#include <string>
#include <string_view>

namespace bm::db {

/// The words that the engines differ in when tables are made. All other SQL of bm is written in their common
/// subset: $n, returning, on conflict do update, row values, partial indexes, like ... escape.
struct Dialect {
    std::string_view name;
    std::string_view risingKey; ///< a bigint primary key that the engine hands out, never twice
    std::string_view text;      ///< text compared byte by byte, whatever the locale
    std::string_view refuse;    ///< a trigger that refuses {verb} on {table}
    std::string_view
        sequence; ///< creates the sequence {name}, which begins after the greatest {table}.{column}
};

/// @p statement in the words of @p dialect: {rising_key} and {text} anywhere; "{refuse update on audit}"
/// makes a table append-only, a verb at a time; "{sequence node_numbers of nodes.number}" creates a sequence.
std::string inDialect(const Dialect& dialect, std::string_view statement);

} // namespace bm::db
