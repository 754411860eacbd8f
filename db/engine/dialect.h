#pragma once
#include <string>
#include <string_view>

namespace bm::db {

/// The differences between engines in table definitions. All other SQL of bm uses their common subset: $n,
/// returning, on conflict do update, row values, partial indexes, like ... escape.
struct Dialect {
    std::string_view name;
    std::string_view risingKey; ///< a bigint primary key; the engine assigns each number once
    std::string_view text;      ///< text with byte-wise comparison, whatever the locale
    std::string_view refuse;    ///< a trigger that refuses {verb} on {table}
    std::string_view permit;    ///< takes that trigger away
    std::string_view keep;      ///< refuses to delete rows of {table} whose sequence is above {floor}'s
    std::string_view sequence;  ///< creates the sequence {name}, starting after the greatest {table}.{column}
};

/// Expands the placeholders of @p statement: {rising_key} and {text}; "{refuse update on audit}" forbids one
/// verb on a table, "{permit delete on audit}" permits it again; "{keep audit above audit_floor}" permits to
/// delete rows up to the sequence in the one row of audit_floor; "{sequence node_numbers of nodes.number}"
/// creates a sequence.
std::string inDialect(const Dialect& dialect, std::string_view statement);

} // namespace bm::db
