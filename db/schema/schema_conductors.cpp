// Migration 15: when each conductor lived last.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kConductorStatements = std::to_array<std::string_view>({
    "create table conductors (name {text} primary key, boot_id {text} not null, alive_at bigint not null)",
});

} // namespace

std::span<const std::string_view> conductorTables()
{
    return kConductorStatements;
}

} // namespace bm::db
