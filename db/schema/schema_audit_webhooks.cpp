// Webhooks and the audit log.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kStatements = std::to_array<std::string_view>({
    R"(create table webhooks (
  uuid {text} primary key, name {text} not null unique, url {text} not null, secret_sealed {text} not null,
  kinds {text} not null, parked bigint not null, last_sequence bigint not null, failures bigint not null,
  delivered bigint not null, last_error {text} not null, last_attempt_at bigint, last_delivered_at bigint,
  created_at bigint not null))",

    R"(create table audit (
  sequence {rising_key}, at bigint not null, actor {text} not null, remote_address {text} not null,
  request_id {text} not null, action {text} not null, target_kind {text} not null, target_id {text} not null,
  target_name {text} not null, outcome {text} not null, status bigint not null, code {text} not null,
  detail {text} not null))",
    "create index audit_target on audit (target_id, sequence) where target_id <> ''",
    "create index audit_at on audit (at)",
    "{refuse update on audit}",
    "{refuse delete on audit}",
});

} // namespace

std::span<const std::string_view> auditAndWebhookTables()
{
    return kStatements;
}

} // namespace bm::db
