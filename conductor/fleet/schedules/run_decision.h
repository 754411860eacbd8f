#pragma once
#include "common/model/fleet/schedule.h"
#include "db/engine/database.h"

#include <optional>
#include <string>
#include <variant>

namespace bm::conductor::fleet {

/// The decision on a pending run.
struct StartRun {
    std::optional<model::UtcTime> startBefore; ///< no node is begun after this
};
struct WaitRun {
    std::string code;
    std::string reason;
    std::optional<model::ScheduleRun> replaces{}; ///< its rollout is to be aborted
};
struct SkipRun {
    std::string code;
    std::string reason;
    std::string hint{};
};
using RunDecision = std::variant<StartRun, WaitRun, SkipRun>;

/// @param startedAt  of this bmd: a run that was due well before and is not begun was missed
RunDecision decideRun(db::Transaction& tx, const model::Schedule& schedule, const model::ScheduleRun& run,
                      model::UtcTime now, model::UtcTime startedAt);

} // namespace bm::conductor::fleet
