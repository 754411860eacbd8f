#include "tests/db/engines.h"

#include "db/open/open_database.h"
#include "db/schema/schema.h"
#include "tests/db/repeating_engine.h"

#include <catch2/catch.hpp>
#include <stdlib.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace bm::db {
namespace {

std::unique_ptr<Engine> embedded(const Folder& folder, std::size_t readers)
{
    return makeEngine({folder / "bm.sqlite", static_cast<int>(readers), false});
}

std::unique_ptr<Engine> repeating(const Folder& folder, std::size_t readers)
{
    return std::make_unique<RepeatingEngine>(embedded(folder, readers));
}

struct EngineRow {
    std::string_view name;
    std::unique_ptr<Engine> (*make)(const Folder& folder, std::size_t readers);
};

constexpr std::array kEngines{EngineRow{"embedded", embedded}, EngineRow{"repeating", repeating}};

} // namespace

Folder::Folder()
{
    std::string name = (std::filesystem::temp_directory_path() / "bm-db-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

Folder::~Folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::unique_ptr<Engine> TestStore::engine(std::size_t readers) const
{
    const char* const chosen = std::getenv("BM_TEST_ENGINE");
    for (const EngineRow& row : kEngines)
        if (chosen == nullptr || row.name == chosen)
            return row.make(folder_, readers);
    FAIL("BM_TEST_ENGINE names no engine: " << chosen);
    return {};
}

Database TestStore::open(std::size_t readers) const
{
    return Database(engine(readers), allMigrations());
}

} // namespace bm::db
