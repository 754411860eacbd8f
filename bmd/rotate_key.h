#pragma once
#include "bmd/config.h"
#include "db/engine/sealed_values.h"

namespace bm::bmd {

/// Exchanges the key that seals the database's secrets, while bmd is stopped. Ended half-way, it goes on at
/// the next call. @throws Error Conflict: bmd runs; NotFound: there is no database yet
db::Resealed rotateKey(const Config& config);

} // namespace bm::bmd
