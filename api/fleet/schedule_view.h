#pragma once
#include "common/model/fleet/schedule.h"
#include "common/wire/json/json_writer.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::api {

/// Appends a run of @p schedule as GET .../runs shows it.
void writeRun(wire::JsonWriter& out, const model::Schedule& schedule, const model::ScheduleRun& run);
/// Appends a schedule as GET /v1/schedules/{name} shows it. Secrets in its rollout read "******".
/// @param warnings  shown unless empty
void writeSchedule(wire::JsonWriter& out, const model::Schedule& schedule,
                   const std::optional<model::ScheduleRun>& lastRun, const std::vector<std::string>& warnings,
                   std::string_view base);
/// The local form of a time: "Sun 2026-03-29 03:00 CEST".
std::string localText(const std::optional<model::UtcTime>& time, const model::Schedule& schedule);

} // namespace bm::api
