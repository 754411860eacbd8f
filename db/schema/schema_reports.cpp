// Signed reports about a node's disk.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kReportsStatements = std::to_array<std::string_view>({
    R"(create table node_reports (
  number {rising_key}, node_uuid {text} not null references nodes (uuid) on delete cascade,
  operation_uuid {text} not null, kind {text} not null, body {text} not null,
  signature {text} not null, public_key {text} not null, created_at bigint not null))",
    "create index node_reports_latest on node_reports (node_uuid, kind, number)",
});

} // namespace

std::span<const std::string_view> reportTables()
{
    return kReportsStatements;
}

} // namespace bm::db
