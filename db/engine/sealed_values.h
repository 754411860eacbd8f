#pragma once
#include "db/engine/database.h"

#include <functional>
#include <optional>
#include <string>

namespace bm::db {

struct Resealed {
    std::size_t values = 0; ///< sealed with the new key
    std::size_t lost = 0;   ///< unchanged, because no key opens them
};

/// Replaces every sealed text (platform::SecretBox) in all tables, also within longer texts, by the result of
/// @p again. A nullopt from @p again means that it cannot open the text, which remains unchanged. One
/// transaction.
Resealed resealAll(Database& database,
                   const std::function<std::optional<std::string>(const std::string& sealed)>& again);

/// The number of sealed texts, and of those that @p opens refuses. Changes nothing.
struct SealedCount {
    std::size_t values = 0;
    std::size_t lost = 0; ///< those that the key does not open
};
SealedCount countSealed(Transaction& tx, const Engine& engine,
                        const std::function<bool(const std::string& sealed)>& opens);

} // namespace bm::db
