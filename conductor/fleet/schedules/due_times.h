#pragma once
#include "common/model/fleet/schedule.h"
#include "db/engine/database.h"

namespace bm::conductor::fleet {

/// Records the run of @p schedule, which is due at @p now, or a skipped run when the due time was missed, and
/// moves the schedule to its next due time. Does nothing for a due time that is recorded
/// already.
void takeDueTimes(db::Transaction& tx, const model::Schedule& schedule, model::UtcTime now);

} // namespace bm::conductor::fleet
