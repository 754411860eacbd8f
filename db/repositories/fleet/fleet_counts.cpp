#include "db/repositories/fleet/fleet_counts.h"

#include "db/engine/values.h"

#include <algorithm>

namespace bm::db {
namespace {

std::int64_t numberOf(Transaction& tx, std::string_view sql, const std::vector<Value>& parameters = {})
{
    return integerOf(tx.query(sql, parameters).at(0).at(0));
}

FleetCounts::ByText byText(Transaction& tx, std::string_view sql)
{
    FleetCounts::ByText counts;
    for (Row& row : tx.query(sql, {}))
        counts.emplace_back(moveText(row[0]), integerOf(row[1]));
    return counts;
}

} // namespace

FleetCounts::ByText nodesByShard(Transaction& tx)
{
    return byText(tx, "select shard, count(*) from nodes group by shard order by shard");
}

FleetCounts countFleet(Transaction& tx, model::UtcTime now, model::UtcTime contactSince)
{
    FleetCounts counts;
    counts.nodesByState = byText(tx, "select provision_state, count(*) from nodes group by provision_state");
    counts.nodesInMaintenance = numberOf(tx, "select count(*) from nodes where maintenance <> 0");
    for (Row& row :
         tx.query("select kind, state, count(*) from operations where state in ('queued', 'running') "
                  "group by kind, state",
                  {}))
        counts.operations.push_back({moveText(row[0]), moveText(row[1]), integerOf(row[2])});
    Row due =
        tx.query("select count(*), min(run_at) from operations where state = 'running' and run_at <= $1",
                 {store(now)})
            .at(0);
    counts.due = integerOf(due[0]);
    load(due[1], counts.dueSince);
    counts.imagesByState = byText(tx, "select state, count(*) from images group by state");
    counts.imageBytes = numberOf(tx, "select coalesce(sum(bytes), 0) from (select max(stored_bytes) as bytes "
                                     "from images where state = 'ready' group by content_id) as contents");
    counts.agentsInContact =
        numberOf(tx, "select count(*) from agents where last_contact_at >= $1", {store(contactSince)});
    counts.rolloutsByState = byText(tx, "select state, count(*) from rollouts group by state");
    Row schedules = tx.query("select count(*), coalesce(sum(paused), 0), "
                             "min(case when paused = 0 then next_due_at end) from schedules",
                             {})
                        .at(0);
    counts.schedulesPaused = integerOf(schedules[1]);
    counts.schedules = integerOf(schedules[0]) - counts.schedulesPaused;
    load(schedules[2], counts.nextDue);
    counts.webhooksParked = numberOf(tx, "select count(*) from webhooks where parked <> 0");
    counts.lastEvent = numberOf(tx, "select coalesce(max(sequence), 0) from events");
    counts.webhookBacklog = std::max<std::int64_t>(
        0, counts.lastEvent -
               numberOf(tx, "select coalesce(min(last_sequence), $1) from webhooks where parked = 0",
                        {counts.lastEvent}));
    return counts;
}

} // namespace bm::db
