#pragma once
#include "db/open/open_database.h"
#include "images/store/store_settings.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

namespace bm::bmd {

/// The paths of a bmd's state: the part of its configuration that a backup needs.
struct BackupPlaces {
    std::filesystem::path stateFolder;
    std::filesystem::path secretKeyFile;
    db::DatabaseSettings database;
    images::StoreSettings images;
};

/// Reports progress of long work, often. @p what is the unit: "pages", "bytes".
using BackupProgress = std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;

} // namespace bm::bmd
