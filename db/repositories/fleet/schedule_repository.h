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
    /// By name, those after @p marker (a name).
    std::vector<model::Schedule> list(Transaction& tx, std::size_t limit, const std::string& marker) const;
    void insert(Transaction& tx,
                const model::Schedule& schedule) const; ///< @throws Error Conflict (name taken)
    /// Stores @p schedule with version + 1 and returns it. @throws Error Conflict when the version is stale
    model::Schedule update(Transaction& tx, model::Schedule schedule) const;
    void remove(Transaction& tx, const model::ScheduleId& id) const; ///< with its runs
    std::int64_t count(Transaction& tx) const;

    /// Those that are due at @p now and not paused, the longest due first.
    std::vector<model::Schedule> due(Transaction& tx, model::UtcTime now, std::size_t limit) const;
    /// When the next one that is not paused is due.
    std::optional<model::UtcTime> nextDueAt(Transaction& tx) const;
    /// Moves a schedule on; does not touch its version.
    void setNextDue(Transaction& tx, const model::ScheduleId& id, std::optional<model::UtcTime> at) const;

    /// Whether it was inserted: false when this due time was taken before.
    bool insertRun(Transaction& tx, const model::ScheduleRun& run) const;
    void updateRun(Transaction& tx, const model::ScheduleRun& run) const;
    std::optional<model::ScheduleRun> findRun(Transaction& tx, const model::ScheduleRunId& id) const;
    /// Newest first; only those due before @p before when it is given.
    std::vector<model::ScheduleRun> runs(Transaction& tx, const model::ScheduleId& schedule,
                                         std::optional<model::UtcTime> before, std::size_t limit) const;
    /// Pending and running ones of a schedule, oldest first.
    std::vector<model::ScheduleRun> openRuns(Transaction& tx, const model::ScheduleId& schedule) const;
    /// All in @p state, by due time and uuid, after @p after in this order.
    std::vector<model::ScheduleRun> runsIn(Transaction& tx, model::ScheduleRunState state,
                                           const std::optional<model::ScheduleRun>& after,
                                           std::size_t limit) const;
    /// Ended runs that were due before @p before. @return how many
    std::int64_t forgetRuns(Transaction& tx, model::UtcTime before) const;
};

} // namespace bm::db
