#pragma once
#include "common/model/error.h"
#include "db/engine/database.h"
#include "db/repositories/repositories.h"

#include <catch2/catch.hpp>
#include <stdlib.h>

#include <filesystem>
#include <optional>
#include <string>

namespace bm::db {

inline model::UtcTime at(std::int64_t millis)
{
    return model::fromMillis(millis);
}

inline model::Node makeNode(const std::string& name, std::int64_t created = 1000)
{
    model::Node node;
    node.id = model::NodeId::make();
    node.name = name;
    node.createdAt = at(created);
    return node;
}

/// The error that @p unit throws; none: the test fails.
template <class Unit> model::Error errorOf(Unit&& unit)
{
    std::optional<model::Error> caught;
    try {
        unit();
    } catch (const model::Error& error) {
        caught = error;
    }
    REQUIRE(caught);
    return *caught;
}

/// A database in RAM with one node in it.
struct World {
    Database database{DatabaseSettings{}};
    NodeRepository nodes{};
    model::Node node = makeNode("rack1-07");
    World()
    {
        database.write([&](Transaction& tx) { nodes.insert(tx, node); });
    }
};

/// A folder on disk, removed at the end.
class Folder {
public:
    Folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "bm-db-test-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

} // namespace bm::db
