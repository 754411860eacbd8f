#include "db/engine/integrity.h"

#include "db/engine/values.h"

namespace bm::db {

std::vector<std::string> integrityProblems(const Database& database)
{
    std::vector<std::string> problems;
    database.read([&](Transaction& tx) {
        for (Row& row : tx.query("pragma quick_check(10)", {}))
            if (std::string text = takeText(row.at(0)); text != "ok")
                problems.push_back(std::move(text));
    });
    return problems;
}

} // namespace bm::db
