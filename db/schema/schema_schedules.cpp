// Migration 3: schedules and their runs.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kSchedulesStatements = std::to_array<std::string_view>({
    R"(create table schedules (
  uuid {text} primary key, name {text} not null, cron {text} not null, at bigint, zone {text} not null,
  image {text} not null, rollout {text} not null, deploy_sealed {text} not null, window_ms bigint,
  maintenance {text} not null, blackout {text} not null, missed {text} not null, overlap {text} not null,
  paused bigint not null, next_due_at bigint, actor {text} not null,
  created_at bigint not null, updated_at bigint not null, version bigint not null))",
    "create unique index schedules_name on schedules (name)",
    "create index schedules_due on schedules (next_due_at, uuid) where next_due_at is not null and paused = "
    "0",

    // The unique constraint allows one run per due time.
    R"(create table schedule_runs (
  uuid {text} primary key, schedule_uuid {text} not null references schedules (uuid) on delete cascade,
  due_at bigint not null, caused_by {text} not null, state {text} not null,
  rollout_uuid {text} not null, rollout_name {text} not null,
  image {text} not null, image_name {text} not null, image_uuid {text} not null,
  reason_code {text} not null, reason {text} not null, hint {text} not null, actor {text} not null,
  started_at bigint, finished_at bigint,
  total bigint not null, done bigint not null, failed bigint not null, skipped bigint not null,
  unique (schedule_uuid, due_at)))",
    "create index schedule_runs_open on schedule_runs (state, due_at, uuid) where state in ('pending', "
    "'running')",
    "create index schedule_runs_age on schedule_runs (due_at)",
});

} // namespace

std::span<const std::string_view> scheduleTables()
{
    return kSchedulesStatements;
}

} // namespace bm::db
