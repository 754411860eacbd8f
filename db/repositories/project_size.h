#pragma once
#include "db/engine/transaction.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bm::db {

/// The relation of a table's rows to a project.
enum class ProjectRows {
    Nodes,   ///< the nodes that the project owns, and those without an owner that it leases
    OfNodes, ///< records of these nodes, by node_uuid
    Owned,   ///< by owner
};

/// The characters of all @p columns (texts) in the rows of @p table that belong to @p project.
std::int64_t sizeOfRows(Transaction& tx, std::string_view table, const std::vector<std::string_view>& columns,
                        ProjectRows rows, const std::string& project);

} // namespace bm::db
