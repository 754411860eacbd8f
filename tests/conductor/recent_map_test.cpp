// The map behind tables that strangers fill.
#include "conductor/core/recent_map.h"

#include <catch2/catch.hpp>
#include <string>

using bm::conductor::RecentMap;

TEST_CASE("a map of recent entries", "[conductor][recent-map]")
{
    RecentMap<std::string, int> map(3);
    const auto makes = [](int value) { return [value] { return value; }; };
    map.use("a", makes(1));
    map.use("b", makes(2));
    map.use("c", makes(3));
    SECTION("keeps the value of a key that it has")
    {
        map.use("a", makes(9)) += 10;
        CHECK(*map.find("a") == 11);
        CHECK(map.size() == 3);
    }
    SECTION("a new entry takes the place of the one that was used longest ago")
    {
        map.use("a", makes(9));
        map.use("d", makes(4));
        CHECK(map.size() == 3);
        CHECK(map.find("b") == nullptr);
        CHECK(map.find("a") != nullptr);
        CHECK(map.find("d") != nullptr);
    }
    SECTION("is bounded, whatever arrives")
    {
        for (int i = 0; i < 10'000; ++i)
            map.use(std::to_string(i), makes(i));
        CHECK(map.size() == 3);
        CHECK(*map.find("9999") == 9999);
    }
    SECTION("gives all entries away, the most recent one first")
    {
        map.find("b");
        const auto all = map.take();
        REQUIRE(all.size() == 3);
        CHECK(all.front().first == "b");
        CHECK(all.back().first == "a");
        CHECK(map.size() == 0);
        CHECK(map.find("a") == nullptr);
    }
}
