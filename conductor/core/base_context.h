#pragma once
#include "common/model/clock.h"
#include "common/platform/secrets.h"
#include "conductor/core/meters.h"
#include "db/engine/database.h"

namespace bm::conductor {

/// Services for folders that access no machine and no image. Borrowed: bmd's Core outlives every user.
struct BaseContext {
    db::Database& database;
    const model::Clock& clock;
    platform::SecretBox& secrets;
    Meters& meters;
};

} // namespace bm::conductor
