#include "conductor/health/fleet_gauges.h"

#include "db/repositories/fleet/fleet_counts.h"

namespace bm::conductor {
namespace {

constexpr std::chrono::minutes kContact{2};

using metrics::Metric;
using metrics::MetricType;

struct Gauges {
    explicit Gauges(metrics::Metrics& registry)
        : nodes(
              registry.of({"bm_nodes", MetricType::Gauge, "Nodes by provision state.", {"provision_state"}})),
          maintenance(registry.of({"bm_nodes_maintenance", MetricType::Gauge, "Nodes in maintenance."})),
          operations(registry.of(
              {"bm_operations", MetricType::Gauge, "Operations that have not ended.", {"kind", "state"}})),
          queue(registry.of(
              {"bm_engine_queue_length", MetricType::Gauge, "Operations that are due for a step."})),
          lag(registry.of(
              {"bm_engine_lag_seconds", MetricType::Gauge, "How long the oldest of them has been due."})),
          images(registry.of({"bm_images", MetricType::Gauge, "Images by state.", {"state"}})),
          imageBytes(registry.of({"bm_image_store_bytes", MetricType::Gauge,
                                  "Bytes that the images take, those that share content once."})),
          agents(registry.of({"bm_agents_in_contact", MetricType::Gauge,
                              "Agents that called within the last two minutes."})),
          rollouts(registry.of({"bm_rollouts", MetricType::Gauge, "Rollouts by state.", {"state"}})),
          schedules(registry.of({"bm_schedules", MetricType::Gauge, "Schedules by state.", {"state"}})),
          nextDue(registry.of({"bm_schedules_next_due_seconds", MetricType::Gauge,
                               "Unix time at which the next schedule is due; 0: no schedule is."})),
          parked(registry.of({"bm_webhooks_parked", MetricType::Gauge,
                              "Webhooks that bmd suspended after too many failures."})),
          backlog(registry.of({"bm_webhook_backlog_events", MetricType::Gauge,
                               "Events that the slowest webhook has yet to read."})),
          events(registry.of(
              {"bm_events_total", MetricType::Counter, "Events recorded since the database was created."}))
    {}
    Metric& nodes;
    Metric& maintenance;
    Metric& operations;
    Metric& queue;
    Metric& lag;
    Metric& images;
    Metric& imageBytes;
    Metric& agents;
    Metric& rollouts;
    Metric& schedules;
    Metric& nextDue;
    Metric& parked;
    Metric& backlog;
    Metric& events;

    void set(const db::FleetCounts& counts, model::UtcTime now) const;
};

Metric::Values valuesOf(const db::FleetCounts::ByText& counts)
{
    Metric::Values values;
    for (const auto& [text, count] : counts)
        values.push_back({{text}, static_cast<double>(count)});
    return values;
}

void Gauges::set(const db::FleetCounts& counts, model::UtcTime now) const
{
    const auto number = [](std::int64_t value) { return static_cast<double>(value); };
    nodes.replace(valuesOf(counts.nodesByState));
    maintenance.set({}, number(counts.nodesInMaintenance));
    Metric::Values unfinished;
    for (const db::FleetCounts::Unfinished& one : counts.operations)
        unfinished.push_back({{one.kind, one.state}, number(one.count)});
    operations.replace(unfinished);
    queue.set({}, number(counts.due));
    lag.set({}, counts.dueSince ? std::chrono::duration<double>(now - *counts.dueSince).count() : 0);
    images.replace(valuesOf(counts.imagesByState));
    imageBytes.set({}, number(counts.imageBytes));
    agents.set({}, number(counts.agentsInContact));
    rollouts.replace(valuesOf(counts.rolloutsByState));
    schedules.replace({{{"active"}, number(counts.schedules)}, {{"paused"}, number(counts.schedulesPaused)}});
    nextDue.set({}, counts.nextDue ? number(model::toMillis(*counts.nextDue)) / 1'000 : 0);
    parked.set({}, number(counts.webhooksParked));
    backlog.set({}, number(counts.webhookBacklog));
    events.set({}, number(counts.lastEvent));
}

} // namespace

void measureFleet(BaseContext context)
{
    context.meters.registry.onScrape([context, gauges = Gauges(context.meters.registry)] {
        const model::UtcTime now = context.clock.now();
        gauges.set(context.database.read(
                       [&](db::Transaction& tx) { return db::countFleet(tx, now, now - kContact); }),
                   now);
    });
}

} // namespace bm::conductor
