#include "db/engine/integrity.h"

namespace bm::db {

std::vector<std::string> integrityProblems(const Database& database, CheckDepth depth)
{
    return database.read([&](Transaction& tx) { return database.engine().problems(tx, depth); });
}

} // namespace bm::db
