// Ironic's resources besides nodes and ports.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kResourcesStatements = std::to_array<std::string_view>({
    R"(create table chassis (
  uuid {text} primary key, description {text} not null, extra {text} not null,
  created_at bigint not null, updated_at bigint not null))",
    "create index chassis_created on chassis (created_at, uuid)",

    R"(create table portgroups (
  uuid {text} primary key, node_uuid {text} not null references nodes (uuid) on delete cascade,
  name {text} not null, address {text} not null, mode {text} not null, properties {text} not null,
  extra {text} not null, physical_network {text} not null, category {text} not null,
  standalone_ports bigint not null, created_at bigint not null, updated_at bigint not null))",
    "create index portgroups_node on portgroups (node_uuid, created_at)",
    "create unique index portgroups_name on portgroups (name) where name <> ''",
    "create unique index portgroups_address on portgroups (address) where address <> ''",

    R"(create table volume_connectors (
  uuid {text} primary key, node_uuid {text} not null references nodes (uuid) on delete cascade,
  type {text} not null, connector_id {text} not null, extra {text} not null,
  created_at bigint not null, updated_at bigint not null, unique (type, connector_id)))",
    "create index volume_connectors_node on volume_connectors (node_uuid, created_at)",

    R"(create table volume_targets (
  uuid {text} primary key, node_uuid {text} not null references nodes (uuid) on delete cascade,
  volume_type {text} not null, volume_id {text} not null, boot_index bigint not null, properties {text} not null,
  extra {text} not null, created_at bigint not null, updated_at bigint not null, unique (node_uuid, boot_index)))",
    "create index volume_targets_node on volume_targets (node_uuid, created_at)",

    R"(create table allocations (
  uuid {text} primary key, name {text} not null, node_uuid {text} not null, resource_class {text} not null,
  candidate_nodes {text} not null, traits {text} not null, owner {text} not null, state {text} not null,
  last_error {text} not null, extra {text} not null, created_at bigint not null, updated_at bigint not null))",
    "create unique index allocations_name on allocations (name) where name <> ''",
    "create unique index allocations_node on allocations (node_uuid) where node_uuid <> ''",
    "create index allocations_created on allocations (created_at, uuid)",

    R"(create table deploy_templates (
  uuid {text} primary key, name {text} not null unique, steps {text} not null, extra {text} not null,
  created_at bigint not null, updated_at bigint not null))",

    R"(create table runbooks (
  uuid {text} primary key, name {text} not null unique, description {text} not null, steps {text} not null,
  traits {text} not null, extra {text} not null, owner {text} not null, public bigint not null,
  disable_ramdisk bigint not null, created_at bigint not null, updated_at bigint not null))",

    R"(create table inspection_rules (
  uuid {text} primary key, description {text} not null, phase {text} not null, priority bigint not null,
  sensitive bigint not null, conditions {text} not null, actions {text} not null,
  created_at bigint not null, updated_at bigint not null))",

    R"(create table node_inventories (
  node_uuid {text} primary key references nodes (uuid) on delete cascade, inventory {text} not null,
  plugin_data {text} not null, found_at bigint not null))",

    "alter table nodes add column allocation_uuid {text} not null default ''",
    "alter table nodes add column parent_node {text} not null default ''",
    "alter table nodes add column service_step {text} not null default '{}'",
    "alter table nodes add column disable_power_off bigint not null default 0",
    "alter table nodes add column health {text} not null default ''",
    "alter table nodes add column raid_config {text} not null default '{}'",
    "alter table nodes add column target_raid_config {text} not null default '{}'",
    "alter table nodes add column inspection_started_at bigint",
    "alter table nodes add column secure_boot bigint",
    "alter table nodes add column interfaces {text} not null default '{}'",
    "create index nodes_parent on nodes (parent_node) where parent_node <> ''",

    "alter table ports add column portgroup_uuid {text} not null default ''",
    "alter table ports add column description {text} not null default ''",
    "alter table ports add column vendor {text} not null default ''",
    "alter table ports add column category {text} not null default ''",
    "alter table ports add column is_smartnic bigint not null default 0",
});

constexpr auto kGroupingStatements = std::to_array<std::string_view>({
    "alter table ports add column available_for_dynamic_portgroup bigint not null default 1",
});

} // namespace

std::span<const std::string_view> portGrouping()
{
    return kGroupingStatements;
}

std::span<const std::string_view> ironicResources()
{
    return kResourcesStatements;
}

} // namespace bm::db
