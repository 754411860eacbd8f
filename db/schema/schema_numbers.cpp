// Migration 5: nodes are numbered as they are enrolled, for a list in that order.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kNumbersStatements = std::to_array<std::string_view>({
    "alter table nodes add column number bigint not null default 0",
    "update nodes set number = (select count(*) from nodes other "
    "where (other.created_at, other.uuid) <= (nodes.created_at, nodes.uuid))",
    "create index nodes_number on nodes (number, uuid)",
    "drop index nodes_created",
});

} // namespace

std::span<const std::string_view> nodeNumbers()
{
    return kNumbersStatements;
}

} // namespace bm::db
