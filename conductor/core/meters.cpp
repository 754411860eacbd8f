#include "conductor/core/meters.h"

namespace bm::conductor {

using metrics::MetricType;

namespace {

double seconds(std::chrono::microseconds span)
{
    return std::chrono::duration<double>(span).count();
}

double between(const std::optional<model::UtcTime>& from, const std::optional<model::UtcTime>& to)
{
    return from && to ? std::max(0.0, std::chrono::duration<double>(*to - *from).count()) : 0;
}

} // namespace

Meters::Meters()
    : operations_(registry.of(
          {"bm_operations_total", MetricType::Counter, "Operations that ended.", {"kind", "outcome"}})),
      operationSeconds_(registry.of({"bm_operation_seconds",
                                     MetricType::Histogram,
                                     "From the start of an operation to its end.",
                                     {"kind", "outcome"},
                                     metrics::workBuckets()})),
      stepSeconds_(registry.of({"bm_step_seconds",
                                MetricType::Histogram,
                                "From the start of a step to its end.",
                                {"step", "outcome"},
                                metrics::workBuckets()})),
      diskBytes_(registry.of({"bm_disk_written_bytes_total", MetricType::Counter,
                              "Bytes of images that reached disks of nodes."})),
      bmcSeconds_(registry.of({"bm_bmc_call_seconds",
                               MetricType::Histogram,
                               "Calls to BMCs, tries counted one by one.",
                               {"outcome"},
                               metrics::callBuckets()})),
      bmcErrors_(
          registry.of({"bm_bmc_errors_total", MetricType::Counter, "Calls to BMCs that failed.", {"code"}})),
      commitSeconds_(registry.of({"bm_db_commit_seconds",
                                  MetricType::Histogram,
                                  "From the begin of a write transaction to the end of its commit.",
                                  {},
                                  metrics::callBuckets()})),
      commitUnits_(registry.of({"bm_db_commit_units",
                                MetricType::Histogram,
                                "Units that were committed together.",
                                {},
                                {1, 2, 4, 8, 16, 32, 64, 128, 256}})),
      requests_(registry.of({"bm_http_requests_total",
                             MetricType::Counter,
                             "Requests answered.",
                             {"listener", "method", "route", "status"}})),
      requestSeconds_(registry.of({"bm_http_request_seconds",
                                   MetricType::Histogram,
                                   "From a request's head to its handler's end.",
                                   {"listener", "route"},
                                   metrics::callBuckets()})),
      webhookPosts_(
          registry.of({"bm_webhook_posts_total", MetricType::Counter, "Posts to webhooks.", {"outcome"}}))
{}

void Meters::operationEnded(const model::Operation& operation)
{
    const metrics::Metric::LabelValues labels{std::string(toText(operation.kind)),
                                              std::string(toText(operation.state))};
    operations_.add(labels);
    operationSeconds_.observe(labels, between(operation.startedAt, operation.finishedAt));
}

void Meters::stepEnded(const model::Step& step, std::string_view outcome)
{
    stepSeconds_.observe({step.name, std::string(outcome)}, between(step.startedAt, step.finishedAt));
}

void Meters::written(std::int64_t before, std::int64_t after)
{
    if (after > before)
        diskBytes_.add({}, static_cast<double>(after - before));
}

void Meters::bmcCall(std::chrono::milliseconds took, std::string_view code)
{
    bmcSeconds_.observe({code.empty() ? "done" : "failed"}, seconds(took));
    if (!code.empty())
        bmcErrors_.add({std::string(code)});
}

void Meters::commit(std::size_t units, std::chrono::microseconds took)
{
    commitSeconds_.observe({}, seconds(took));
    commitUnits_.observe({}, static_cast<double>(units));
}

void Meters::request(std::string_view listener, std::string_view method, std::string_view route, int status,
                     std::chrono::microseconds took)
{
    const std::string path(route.empty() ? "(none)" : route);
    requests_.add({std::string(listener), std::string(method), path, std::to_string(status)});
    requestSeconds_.observe({std::string(listener), path}, seconds(took));
}

void Meters::webhookPost(bool taken)
{
    webhookPosts_.add({taken ? "taken" : "failed"});
}

} // namespace bm::conductor
