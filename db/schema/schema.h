#pragma once
#include <span>
#include <string_view>

namespace bm::db {

/// The statements of the migrations after the first, a file each; schema.cpp numbers them.
std::span<const std::string_view> rolloutTables();
std::span<const std::string_view> scheduleTables();
std::span<const std::string_view> outsideTables();
std::span<const std::string_view> nodeNumbers();
std::span<const std::string_view> imageIntake();
std::span<const std::string_view> reportTables();
std::span<const std::string_view> treeImages();
std::span<const std::string_view> ironicResources();
std::span<const std::string_view> portGrouping();

} // namespace bm::db
