#pragma once
#include "common/model/node.h"
#include "db/engine/table.h"

namespace bm::db {

/// The table of nodes, shared by the repository and its list.
const Table<model::Node>& nodeTable();

} // namespace bm::db
