// Migration 5: each node has a number, for lists in the order of enrolment. Migration 11: sequences assign
// the numbers.
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

constexpr auto kSequencesStatements = std::to_array<std::string_view>({
    "{sequence node_numbers of nodes.number}",
    "{sequence rollout_names of rollouts.number}",
});

} // namespace

std::span<const std::string_view> numberSequences()
{
    return kSequencesStatements;
}

std::span<const std::string_view> nodeNumbers()
{
    return kNumbersStatements;
}

} // namespace bm::db
