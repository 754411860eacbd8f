#pragma once
#include "db/engine/database.h"
#include "db/engine/engine.h"

#include <string>
#include <vector>

namespace bm::db {

/// Reports problems of the stored data, at most ten; empty: none. Reads one snapshot and changes nothing.
std::vector<std::string> integrityProblems(const Database& database, CheckDepth depth = CheckDepth::Quick);

} // namespace bm::db
