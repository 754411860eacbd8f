#pragma once
#include "common/model/fleet/schedule.h"
#include "conductor/fleet/schedules/calendar.h"

#include <chrono>
#include <optional>
#include <string>

namespace bm::conductor::fleet {

/// The body of POST /v1/schedules, checked. docs/schedules.md explains each member.
struct ScheduleRequest {
    std::string name;
    std::string cron; ///< or at, one of both
    std::optional<model::UtcTime> at{};
    std::string zone = "UTC";
    std::string image;         ///< the rollout's
    model::JsonText rollout{}; ///< canonical body of POST /v1/rollouts, without deploy
    std::string deploy;        ///< its deploy as JSON; "" none
    std::optional<std::chrono::milliseconds> window{};
    model::JsonText maintenance{"[]"};
    model::JsonText blackout{"[]"};
    model::MissedRule missed = model::MissedRule::Skip;
    model::OverlapRule overlap = model::OverlapRule::Skip;
    bool paused = false;
};

/// @throws Error InvalidInput naming the member and its expected form: an unknown zone, an invalid cron
/// expression, one that never fires (within the maintenance windows), a rollout that POST /v1/rollouts would
/// refuse
ScheduleRequest scheduleRequestFrom(const std::string& body);

/// The body that creates @p schedule, changed by @p patch (RFC 7396: null takes a member away; the
/// members of rollout are merged, too). @param deploy  of the schedule, opened; "" none
std::string patchedBody(const model::Schedule& schedule, const std::string& deploy, const std::string& patch);

/// Its zone, maintenance windows and blackout dates.
Calendar calendarOf(const model::Schedule& schedule);
/// Its first due time after @p after; nothing: never again.
std::optional<model::UtcTime> nextDueOf(const model::Schedule& schedule, model::UtcTime after);
/// Its last due time up to @p now, at least @p first, which is a due time.
model::UtcTime latestDueOf(const model::Schedule& schedule, model::UtcTime first, model::UtcTime now);

} // namespace bm::conductor::fleet
