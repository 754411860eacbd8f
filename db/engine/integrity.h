#pragma once
#include "db/engine/database.h"
#include "db/engine/engine.h"

#include <string>
#include <vector>

namespace bm::db {

/// Findings of the engine about its stored data, ten at most; empty: none. Reads in one snapshot, changes
/// nothing.
std::vector<std::string> integrityProblems(const Database& database, CheckDepth depth = CheckDepth::Quick);

} // namespace bm::db
