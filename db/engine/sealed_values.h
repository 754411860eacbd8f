#pragma once
#include "db/engine/database.h"

#include <functional>
#include <optional>
#include <string>

namespace bm::db {

struct Resealed {
    std::size_t values = 0; ///< sealed again
    std::size_t lost = 0;   ///< unchanged: no key opens them
};

/// Replaces every sealed text ("sealed:1:<base64>") of every table, also inside longer texts, by what @p
/// again returns; nothing: it cannot be opened and stays. In one transaction.
Resealed resealAll(Database& database,
                   const std::function<std::optional<std::string>(const std::string& sealed)>& again);

/// How many sealed texts there are, and how many of them @p opens refuses. Changes nothing.
struct SealedCount {
    std::size_t values = 0;
    std::size_t lost = 0; ///< of values
};
SealedCount countSealed(Transaction& tx, const Engine& engine,
                        const std::function<bool(const std::string& sealed)>& opens);

} // namespace bm::db
