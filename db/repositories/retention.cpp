#include "db/repositories/retention.h"

#include "db/engine/values.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::db {
namespace {

/// The number in the first row of a query; nothing without a row.
std::optional<std::int64_t> firstNumber(Transaction& tx, const std::string& query,
                                        const std::vector<Value>& parameters)
{
    const std::vector<Row> rows = tx.query(query, parameters);
    return rows.empty() ? std::nullopt : std::optional(std::get<std::int64_t>(rows[0].at(0)));
}

} // namespace

std::int64_t lastRowToPrune(Transaction& tx, std::string_view table, const Retention& retention)
{
    const auto newest =
        firstNumber(tx, fmt::format("select sequence from {} order by sequence desc limit 1", table), {});
    if (!newest)
        return 0;
    std::int64_t last = 0;
    if (retention.since) // reads the rows that go, and one more
        last = firstNumber(
                   tx, fmt::format("select sequence from {} where at >= $1 order by sequence limit 1", table),
                   {store(*retention.since)})
                   .value_or(*newest) -
               1;
    if (retention.mostRows)
        last = std::max(
            last,
            firstNumber(
                tx, fmt::format("select sequence from {} order by sequence desc limit 1 offset $1", table),
                {store(*retention.mostRows)})
                .value_or(0));
    return std::min(last, *newest - 1);
}

std::int64_t endOfPiece(Transaction& tx, std::string_view table, std::int64_t end, std::size_t limit)
{
    return firstNumber(tx,
                       fmt::format("select coalesce(max(sequence), 0) from (select sequence from {} "
                                   "where sequence <= $1 order by sequence limit $2) as piece",
                                   table),
                       {end, store(limit)})
        .value_or(0);
}

} // namespace bm::db
