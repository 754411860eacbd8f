#pragma once
#include "db/engine/migrations.h"

#include <span>
#include <string_view>

namespace bm::db {

/// All migrations of bm, oldest first, versions 1, 2, 3 ...
std::span<const Migration> allMigrations();

/// The statements of the later migrations, one file each; schema.cpp numbers them.
std::span<const std::string_view> rolloutTables();
std::span<const std::string_view> scheduleTables();
std::span<const std::string_view> auditAndWebhookTables();
std::span<const std::string_view> nodeNumbers();
std::span<const std::string_view> imageIntake();
std::span<const std::string_view> importAskers();
std::span<const std::string_view> imageOwners();
std::span<const std::string_view> reportTables();
std::span<const std::string_view> treeImages();
std::span<const std::string_view> ironicResources();
std::span<const std::string_view> portGrouping();
std::span<const std::string_view> numberSequences();
std::span<const std::string_view> strangerTables();
std::span<const std::string_view> conductorTables();

} // namespace bm::db
