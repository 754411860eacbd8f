#include "common/platform/secrets.h"
#include "db/engine/sealed_values.h"
#include "tests/db/fixture.h"

#include <set>

using namespace bm;
using namespace bm::db;

TEST_CASE("resealing finds sealed values in every column, also inside texts", "[db][secrets]")
{
    const platform::SecretBox box;
    const auto sealed = [&](const char* field, const char* plain) {
        return box.seal({"nodes", "row", field}, plain).text;
    };
    const std::string a = sealed("a", "1"), c = sealed("c", "2"), lost = sealed("lost", "3"),
                      alone = sealed("description", "4");
    World world;
    world.node.driverInfo = model::JsonText{R"({"a":")" + a + R"(","b":{"c":")" + c + R"("},"d":"plain"})"};
    world.node.extra = model::JsonText{R"({"note":")" + lost + R"("})"};
    world.node.description = alone;
    world.node.lastError = "sealed: is a word, sealed:1:AAAA is too short";
    world.node = world.database.write([&](Transaction& tx) { return world.nodes.update(tx, world.node); });
    std::set<std::string> seen;
    const Resealed count =
        resealAll(world.database, [&](const std::string& text) -> std::optional<std::string> {
            seen.insert(text);
            if (text == lost)
                return std::nullopt;
            return "again:" + text;
        });
    CHECK(count.values == 3);
    CHECK(count.lost == 1);
    CHECK(seen == std::set<std::string>{a, c, alone, lost});
    const model::Node found =
        world.database.read([&](Transaction& tx) { return world.nodes.find(tx, world.node.id).value(); });
    CHECK(found.driverInfo.text ==
          R"({"a":"again:)" + a + R"(","b":{"c":"again:)" + c + R"("},"d":"plain"})");
    CHECK(found.extra.text == R"({"note":")" + lost + R"("})");
    CHECK(found.description == "again:" + alone);
    CHECK(found.lastError == world.node.lastError);
}
