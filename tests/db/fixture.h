#pragma once
#include "common/model/error.h"
#include "db/repositories/repositories.h"
#include "tests/db/engines.h"

#include <catch2/catch.hpp>

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

/// The error that @p unit throws; fails the test when it throws none.
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

/// A database with one node in it.
struct World {
    TestStore store{};
    Database database = store.open();
    NodeRepository nodes{};
    model::Node node = makeNode("rack1-07");
    World()
    {
        database.write([&](Transaction& tx) { nodes.insert(tx, node); });
    }
};

} // namespace bm::db
