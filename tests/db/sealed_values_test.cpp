#include "db/engine/sealed_values.h"
#include "tests/db/fixture.h"

#include <set>

using namespace bm;
using namespace bm::db;

TEST_CASE("resealing finds sealed values in every column, also inside texts", "[db][secrets]")
{
    World world;
    world.node.driverInfo =
        model::JsonText{R"({"a":"sealed:1:AAAA","b":{"c":"sealed:1:BB+/=="},"d":"plain"})"};
    world.node.extra = model::JsonText{R"({"note":"sealed:1:lost"})"};
    world.node.description = "sealed:1:CCCC";
    world.node.lastError = "sealed: is a word";
    world.node = world.database.write([&](Transaction& tx) { return world.nodes.update(tx, world.node); });
    std::set<std::string> seen;
    const Resealed count =
        resealAll(world.database, [&](const std::string& sealed) -> std::optional<std::string> {
            seen.insert(sealed);
            if (sealed == "sealed:1:lost")
                return std::nullopt;
            return "sealed:1:new" + sealed.substr(std::string("sealed:1:").size());
        });
    CHECK(count.values == 3);
    CHECK(count.lost == 1);
    CHECK(seen ==
          std::set<std::string>{"sealed:1:AAAA", "sealed:1:BB+/==", "sealed:1:CCCC", "sealed:1:lost"});
    const model::Node found =
        world.database.read([&](Transaction& tx) { return world.nodes.find(tx, world.node.id).value(); });
    CHECK(found.driverInfo.text == R"({"a":"sealed:1:newAAAA","b":{"c":"sealed:1:newBB+/=="},"d":"plain"})");
    CHECK(found.extra.text == R"({"note":"sealed:1:lost"})");
    CHECK(found.description == "sealed:1:newCCCC");
    CHECK(found.lastError == "sealed: is a word");
}
