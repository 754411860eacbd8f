#pragma once
#include "db/engine/database.h"

#include <functional>
#include <optional>
#include <string>

namespace bm::db {

struct Resealed {
    std::size_t values = 0; ///< sealed again
    std::size_t lost = 0;   ///< left alone: they cannot be opened, by this key or any
};

/// The file of @p settings without what was there before: rewritten, its freed pages gone. While nobody else
/// uses it.
void forgetFreed(const DatabaseSettings& settings);

/// Every sealed text ("sealed:1:<base64>") of every table, within longer texts as well, by what @p again
/// makes of it; nothing: it cannot be opened. In one transaction, on a database that nobody else uses.
Resealed resealAll(Database& database,
                   const std::function<std::optional<std::string>(const std::string& sealed)>& again);

} // namespace bm::db
