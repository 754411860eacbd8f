#pragma once
#include "db/engine/database.h"

#include <string>
#include <vector>

namespace bm::db {

/// What the engine finds wrong in its own file, ten findings at most; empty: nothing. Reads all pages,
/// changes nothing. On an engine that looks after itself: always empty.
std::vector<std::string> integrityProblems(const Database& database);

} // namespace bm::db
