// Migration 8: an image is a disk or a tree; a tree has a description.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kTreesStatements = std::to_array<std::string_view>({
    "alter table images add column kind {text} not null default 'disk'",
    "alter table images add column description {text} not null default '{}'",
    "alter table image_jobs add column image_kind {text} not null default ''",
});

} // namespace

std::span<const std::string_view> treeImages()
{
    return kTreesStatements;
}

} // namespace bm::db
