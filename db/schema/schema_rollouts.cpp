// Migration 2: rollouts, image tags, and the rollout of an operation.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kRolloutsStatements = std::to_array<std::string_view>({
    "alter table images add column architecture {text} not null default ''",
    "alter table images add column boot_mode {text} not null default ''",
    "alter table operations add column rollout_uuid {text} not null default ''",
    "create index operations_rollout on operations (rollout_uuid, node_uuid) where rollout_uuid <> ''",
    "alter table events add column rollout_uuid {text} not null default ''",
    "create index events_rollout on events (rollout_uuid, sequence) where rollout_uuid <> ''",

    R"(create table image_tags (
  reference {text} primary key, image_uuid {text} not null references images (uuid),
  actor {text} not null, set_at bigint not null))",
    "create index image_tags_image on image_tags (image_uuid)",
    R"(create table image_tag_changes (
  number {rising_key}, reference {text} not null, image_uuid {text} not null, image_name {text} not null,
  actor {text} not null, at bigint not null))",
    "create index image_tag_changes_reference on image_tag_changes (reference, number)",

    R"(create table rollouts (
  number {rising_key}, uuid {text} not null unique, name {text} not null unique, state {text} not null,
  request {text} not null, image_wanted {text} not null, image_uuid {text} not null, image_name {text} not null,
  content_id {text} not null, actor {text} not null, reason {text} not null, hint {text} not null,
  fingerprint {text} not null, accepted_failures bigint not null, wave bigint not null,
  schedule_run {text} not null, created_at bigint not null, started_at bigint, finished_at bigint,
  version bigint not null))",
    "create index rollouts_open on rollouts (number) where state in ('running', 'paused', 'aborting')",

    // No foreign key to nodes: the row of a deleted node keeps its result.
    R"(create table rollout_nodes (
  uuid {text} primary key, rollout_uuid {text} not null references rollouts (uuid) on delete cascade,
  node_uuid {text} not null, node_name {text} not null, rack {text} not null,
  position bigint not null, wave bigint not null, verdict {text} not null, state {text} not null,
  reason_code {text} not null, reason {text} not null, hint {text} not null, attempts bigint not null,
  drained bigint not null, previous_image {text} not null, operation_uuid {text} not null,
  gate_detail {text} not null, phone_home_hash {text} not null, phoned_home_at bigint, gate_deadline bigint,
  run_at bigint not null, started_at bigint, finished_at bigint,
  unique (rollout_uuid, node_uuid)))",
    "create index rollout_nodes_position on rollout_nodes (rollout_uuid, position)",
    "create index rollout_nodes_state on rollout_nodes (rollout_uuid, state)",
    "create index rollout_nodes_phone on rollout_nodes (phone_home_hash) where phone_home_hash <> ''",
    // A node is in at most one open rollout.
    "create unique index rollout_nodes_open on rollout_nodes (node_uuid) where state in "
    "('pending', 'draining', 'working', 'checking', 'retrying', 'restoring')",
});

} // namespace

std::span<const std::string_view> rolloutTables()
{
    return kRolloutsStatements;
}

} // namespace bm::db
