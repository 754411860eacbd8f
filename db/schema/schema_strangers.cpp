// Migration 13: unknown machines; the retention may remove the oldest audit records, and nothing else may.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kStrangersStatements = std::to_array<std::string_view>({
    R"(create table unknown_machines (
  address {text} primary key, first_seen_at bigint not null, last_seen_at bigint not null,
  requests bigint not null, vendor_class {text} not null, last_address {text} not null))",
    "create index unknown_machines_seen on unknown_machines (last_seen_at)",

    "create table audit_floor (sequence bigint not null)",
    "insert into audit_floor (sequence) values (0)",
    "{permit delete on audit}",
    "{keep audit above audit_floor}",
});

} // namespace

std::span<const std::string_view> strangerTables()
{
    return kStrangersStatements;
}

} // namespace bm::db
