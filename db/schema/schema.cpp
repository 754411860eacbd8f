#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

// Times are milliseconds since 1970 UTC, booleans are 0 or 1, an absent text is '', JSON is canonical text.
constexpr std::string_view kNodes = R"(create table nodes (
  uuid {text} primary key, name {text} not null, driver {text} not null,
  provision_state {text} not null, target_provision_state {text} not null,
  power_state {text} not null, target_power_state {text} not null,
  driver_info {text} not null, properties {text} not null, instance_info {text} not null,
  driver_internal_info {text} not null, extra {text} not null, traits {text} not null, network_data {text} not null,
  instance_uuid {text} not null, instance_name {text} not null, resource_class {text} not null,
  owner {text} not null, lessee {text} not null, description {text} not null, conductor_group {text} not null,
  chassis_uuid {text} not null, shard {text} not null,
  maintenance bigint not null, maintenance_reason {text} not null, fault {text} not null,
  protected bigint not null, protected_reason {text} not null, retired bigint not null, retired_reason {text} not null,
  automated_clean bigint, console_enabled bigint not null,
  last_error {text} not null, last_error_code {text} not null, last_error_hint {text} not null,
  boot_mode {text} not null, deploy_step {text} not null, clean_step {text} not null,
  provision_updated_at bigint, inspection_finished_at bigint, created_at bigint not null, updated_at bigint,
  version bigint not null))";

constexpr auto kFirst = std::to_array<std::string_view>({
    kNodes,
    "create unique index nodes_name on nodes (name) where name <> ''",
    "create unique index nodes_instance on nodes (instance_uuid) where instance_uuid <> ''",
    "create index nodes_state on nodes (provision_state)",
    "create index nodes_class on nodes (resource_class)",
    "create index nodes_owner on nodes (owner)",
    "create index nodes_created on nodes (created_at, uuid)",

    R"(create table ports (
  uuid {text} primary key, node_uuid {text} not null references nodes (uuid) on delete cascade,
  address {text} not null unique, name {text} not null, pxe_enabled bigint not null, extra {text} not null,
  local_link_connection {text} not null, physical_network {text} not null,
  created_at bigint not null, updated_at bigint not null))",
    "create index ports_node on ports (node_uuid)",
    "create index ports_created on ports (created_at, uuid)",

    R"(create table images (
  uuid {text} primary key, name {text} not null unique, state {text} not null, content_id {text} not null,
  size_bytes bigint not null, stored_bytes bigint not null, data_bytes bigint not null,
  source_format {text} not null, source {text} not null, manifest_sha256 {text} not null,
  progress_bytes bigint not null, progress_total_bytes bigint not null,
  error_code {text} not null, error_message {text} not null, error_hint {text} not null,
  created_at bigint not null, updated_at bigint not null))",
    "create index images_content on images (content_id)",

    R"(create table operations (
  number {rising_key}, uuid {text} not null unique,
  node_uuid {text} not null references nodes (uuid) on delete cascade,
  kind {text} not null, state {text} not null, request {text} not null, then_kinds {text} not null,
  actor {text} not null, abort_requested bigint not null,
  error_code {text} not null, error_message {text} not null, error_hint {text} not null,
  created_at bigint not null, started_at bigint, finished_at bigint, run_at bigint not null))",
    "create index operations_node on operations (node_uuid, number)",
    "create index operations_due on operations (run_at) where state = 'running'",
    "create index operations_queued on operations (kind, number) where state = 'queued'",
    "create unique index operations_unfinished on operations (node_uuid) where state in ('queued', "
    "'running')",

    R"(create table steps (
  uuid {text} primary key, operation_uuid {text} not null references operations (uuid) on delete cascade,
  position bigint not null, name {text} not null, interface {text} not null, priority bigint not null,
  arguments {text} not null, state {text} not null, attempts bigint not null, crashes bigint not null,
  bytes_done bigint not null, bytes_total bigint not null, message {text} not null, result {text} not null,
  error_code {text} not null, error_message {text} not null, error_hint {text} not null,
  started_at bigint, finished_at bigint, deadline bigint,
  unique (operation_uuid, position)))",

    // No foreign key: an event may belong to an unknown machine.
    R"(create table events (
  sequence {rising_key}, node_uuid {text} not null, at bigint not null, kind {text} not null,
  message {text} not null, details {text} not null, operation_uuid {text} not null))",
    "create index events_node on events (node_uuid, sequence)",

    // A released lease keeps its row with holder '', because the epoch must never decrease.
    R"(create table leases (
  node_uuid {text} primary key references nodes (uuid) on delete cascade,
  holder {text} not null, boot_id {text} not null, purpose {text} not null, epoch bigint not null, since bigint not null))",

    R"(create table agents (
  node_uuid {text} primary key references nodes (uuid) on delete cascade,
  boot_secret_hash {text} not null, boot_secret_at bigint, nonce_hash {text} not null, token_sealed {text} not null,
  boot_id {text} not null, boot_expected_until bigint, last_contact_at bigint, address {text} not null,
  version {text} not null, inventory {text} not null))",
    "create index agents_expected on agents (boot_expected_until) where boot_expected_until is not null",

    R"(create table config_drives (
  node_uuid {text} primary key references nodes (uuid) on delete cascade, sealed {text} not null))",
});

} // namespace

std::span<const Migration> allMigrations()
{
    static const std::array migrations{
        Migration{1, "first tables", kFirst},
        Migration{2, "rollouts and image tags", rolloutTables()},
        Migration{3, "schedules", scheduleTables()},
        Migration{4, "webhooks and audit log", auditAndWebhookTables()},
        Migration{5, "nodes in the order of their enrolment", nodeNumbers()},
        Migration{6, "labels, verification and import jobs of images", imageIntake()},
        Migration{7, "signed reports of nodes", reportTables()},
        Migration{8, "images are disks or trees", treeImages()},
        Migration{9, "chassis, portgroups, volumes", ironicResources()},
        Migration{10, "ports that may be grouped", portGrouping()},
        Migration{11, "sequences that number nodes and rollouts", numberSequences()},
        Migration{12, "imports know who asked for them", importAskers()},
        Migration{13, "unknown machines, retention of the audit log", strangerTables()},
        Migration{14, "images have an owner and a visibility", imageOwners()},
        Migration{15, "when each conductor lived last", conductorTables()},
    };
    return migrations;
}

} // namespace bm::db
