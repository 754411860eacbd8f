// Migration 6: labels and verification times of images, and image jobs that survive a restart of bmd.
// Migration 12: the requester of an import, system or project. Earlier jobs count as a project's, which has
// the stricter policy.
// Migration 14: owners and visibilities. Images of earlier versions are public, and of no project.
#include "db/schema/schema.h"

#include <array>

namespace bm::db {
namespace {

constexpr auto kImagesStatements = std::to_array<std::string_view>({
    "alter table images add column labels {text} not null default '{}'",
    "alter table images add column verified_at bigint",
    R"(create table image_jobs (
  image_uuid {text} primary key references images (uuid) on delete cascade,
  kind {text} not null, url_sealed {text} not null, file {text} not null, source_name {text} not null,
  checksum {text} not null, starts bigint not null))",
});

constexpr auto kAskersStatements = std::to_array<std::string_view>({
    "alter table image_jobs add column asker {text} not null default 'project'",
});

constexpr auto kOwnersStatements = std::to_array<std::string_view>({
    "alter table images add column owner {text} not null default ''",
    "alter table images add column visibility {text} not null default 'public'",
    "alter table images add column address_key {text} not null default ''",
    "create unique index images_address on images (address_key) where address_key <> ''",
});

} // namespace

std::span<const std::string_view> imageOwners()
{
    return kOwnersStatements;
}

std::span<const std::string_view> importAskers()
{
    return kAskersStatements;
}

std::span<const std::string_view> imageIntake()
{
    return kImagesStatements;
}

} // namespace bm::db
