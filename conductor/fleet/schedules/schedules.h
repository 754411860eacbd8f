#pragma once
#include "common/model/fleet/schedule.h"
#include "conductor/core/base_context.h"
#include "conductor/fleet/schedules/schedule_request.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// A stored schedule, and warnings for its author.
struct StoredSchedule {
    model::Schedule schedule;
    std::vector<std::string> warnings;
};

/// Creates, changes and runs schedules; the scheduler runs them by the clock. Each call is one transaction.
/// Thread-safe.
/// A schedule is named by its name or uuid. All @throw Error NotFound.
class Schedules {
public:
    /// @param wakeScheduler  called on the caller's thread once a run of runNow() is committed
    Schedules(BaseContext context, std::function<void()> wakeScheduler)
        : context_(context), wakeScheduler_(std::move(wakeScheduler))
    {}

    /// @throws Error NotFound (image or tag), Conflict (name taken), InvalidInput (never fires within its
    /// windows, is over already, window shorter than deployments were)
    StoredSchedule create(const ScheduleRequest& request, const std::string& actor);
    /// @param patch  a JSON merge patch (RFC 7396) of the body that made it @throws as create
    StoredSchedule change(const std::string& ident, const std::string& patch, const std::string& actor);
    model::Schedule get(const std::string& ident) const;
    /// By name, those after @p marker.
    std::vector<model::Schedule> list(std::size_t limit, const std::string& marker) const;
    /// Deletes it with its history; a rollout that it made continues.
    void remove(const std::string& ident, const std::string& actor);
    model::Schedule pause(const std::string& ident, const std::string& actor);
    /// Does not run the due times of the pause. @throws Error Conflict for a one-shot whose time
    /// is over
    model::Schedule resume(const std::string& ident, const std::string& actor);
    /// Starts one run at once, also outside the maintenance windows and of a paused schedule. @throws Error
    /// Conflict during another run, unless the schedule queues or replaces
    model::ScheduleRun runNow(const std::string& ident, const std::string& actor);
    /// The next @p count due times; those of a paused one are when it would fire.
    std::vector<model::UtcTime> next(const model::Schedule& schedule, std::size_t count) const;
    /// Newest first, due before @p before.
    std::vector<model::ScheduleRun> runs(const model::Schedule& schedule,
                                         std::optional<model::UtcTime> before, std::size_t limit) const;

private:
    model::Schedule filled(const ScheduleRequest& request, model::Schedule schedule) const;
    BaseContext context_;
    std::function<void()> wakeScheduler_;
};

} // namespace bm::conductor::fleet
