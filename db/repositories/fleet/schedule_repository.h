#pragma once
#include "common/model/fleet/schedule.h"
#include "db/engine/database.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::db {

/// Schedules and their runs. Stateless.
class ScheduleRepository {
public:
    std::optional<model::Schedule> find(Transaction& tx, const model::ScheduleId& id) const;
    std::optional<model::Schedule> findByName(Transaction& tx, const std::string& name) const;
    /// Schedules sorted by name, after the name @p marker.
    std::vector<model::Schedule> list(Transaction& tx, std::size_t limit, const std::string& marker) const;
    void insert(Transaction& tx,
                const model::Schedule& schedule) const; ///< @throws Error Conflict (name exists)
    /// Stores @p schedule with version + 1 and returns it. @throws Error Conflict when the version is stale
    model::Schedule update(Transaction& tx, model::Schedule schedule) const;
    void remove(Transaction& tx, const model::ScheduleId& id) const; ///< with its runs
    std::int64_t count(Transaction& tx) const;

    /// Active schedules that are due at @p now, the longest overdue first.
    std::vector<model::Schedule> due(Transaction& tx, model::UtcTime now, std::size_t limit) const;
    /// The due time of the next active schedule.
    std::optional<model::UtcTime> nextDueAt(Transaction& tx) const;
    /// Sets the next due time without a change of the version.
    void setNextDue(Transaction& tx, const model::ScheduleId& id, std::optional<model::UtcTime> at) const;

    /// @return false when a run for this due time already exists
    bool insertRun(Transaction& tx, const model::ScheduleRun& run) const;
    void updateRun(Transaction& tx, const model::ScheduleRun& run) const;
    std::optional<model::ScheduleRun> findRun(Transaction& tx, const model::ScheduleRunId& id) const;
    /// Newest first. @p before: only runs due earlier.
    std::vector<model::ScheduleRun> runs(Transaction& tx, const model::ScheduleId& schedule,
                                         std::optional<model::UtcTime> before, std::size_t limit) const;
    /// Pending and running runs of a schedule, oldest first.
    std::vector<model::ScheduleRun> openRuns(Transaction& tx, const model::ScheduleId& schedule) const;
    /// All runs in @p state, sorted by due time and uuid, starting after @p after.
    std::vector<model::ScheduleRun> runsIn(Transaction& tx, model::ScheduleRunState state,
                                           const std::optional<model::ScheduleRun>& after,
                                           std::size_t limit) const;
    /// Deletes ended runs that were due before @p before. @return their number
    std::int64_t forgetRuns(Transaction& tx, model::UtcTime before) const;
};

} // namespace bm::db
