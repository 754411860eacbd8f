#pragma once
#include "bmd/config.h"
#include "db/engine/sealed_values.h"

namespace bm::bmd {

/// Replaces the key that seals the database's secrets, while bmd is stopped. The next call resumes an
/// interrupted rotation. @throws Error Conflict: bmd runs; NotFound: there is no database yet
db::Resealed rotateKey(const Config& config);

} // namespace bm::bmd
