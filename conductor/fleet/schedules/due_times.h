#pragma once
#include "common/model/schedule.h"
#include "db/engine/database.h"

namespace bm::conductor::fleet {

/// Records what @p schedule, which is due at @p now, is due for: a run, or one that is skipped because it was
/// missed; and moves the schedule on to its next due time. Does nothing for a due time that is recorded
/// already.
void takeDueTimes(db::Transaction& tx, const model::Schedule& schedule, model::UtcTime now);

} // namespace bm::conductor::fleet
