#include "db/repositories/project_size.h"

#include <fmt/format.h>

namespace bm::db {
namespace {

std::string_view conditionOf(ProjectRows rows)
{
    switch (rows) {
    case ProjectRows::Nodes:
        return "owner = $1 or (owner = '' and lessee = $1)";
    case ProjectRows::OfNodes:
        return "node_uuid in (select uuid from nodes where owner = $1 or (owner = '' and lessee = $1))";
    case ProjectRows::Owned:
        return "owner = $1";
    }
    return "";
}

} // namespace

std::int64_t sizeOfRows(Transaction& tx, std::string_view table, const std::vector<std::string_view>& columns,
                        ProjectRows rows, const std::string& project)
{
    std::string sum;
    for (const std::string_view column : columns)
        sum += fmt::format("{}length({})", sum.empty() ? "" : " + ", column);
    const std::vector<Row> found =
        tx.query(fmt::format("select coalesce(sum({}), 0) from {} where {}", sum, table, conditionOf(rows)),
                 {project});
    return std::get<std::int64_t>(found.at(0).at(0));
}

} // namespace bm::db
