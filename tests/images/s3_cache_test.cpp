#include "common/platform/files.h"
#include "images/sources/s3_cache.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace bm;
using namespace std::chrono_literals;

TEST_CASE("the cache deletes the least recently used copies", "[images][s3]")
{
    const platform::TemporaryFolder folder;
    const images::S3Cache cache(folder.path());
    const auto file = [&](const std::string& id, const char* suffix) {
        return folder.path() / (id + suffix);
    };
    const auto add = [&](const std::string& id, std::chrono::minutes unused) {
        platform::writeFileAtomically(file(id, ".zst"), std::string(1000, 'x'));
        platform::writeFileAtomically(file(id, ".manifest"), "m");
        std::filesystem::last_write_time(file(id, ".manifest"),
                                         std::filesystem::file_time_type::clock::now() - unused);
    };
    const auto isThere = [&](const std::string& id) {
        CHECK(std::filesystem::exists(file(id, ".zst")) == std::filesystem::exists(file(id, ".manifest")));
        return std::filesystem::exists(file(id, ".manifest"));
    };
    const auto any = [](const std::string&) { return true; };
    add("old", 60min);
    add("older", 90min);
    add("new", 1min);

    SECTION("until the rest fits the limit")
    {
        cache.shrink(2000, any);
        CHECK_FALSE(isThere("older"));
        CHECK(isThere("old"));
        CHECK(isThere("new"));
    }
    SECTION("but none that was used in the last minutes")
    {
        cache.shrink(0, any);
        CHECK_FALSE(isThere("old"));
        CHECK(isThere("new"));
    }
    SECTION("but none that exists nowhere else")
    {
        cache.shrink(2000, [](const std::string& id) { return id != "older"; });
        CHECK(isThere("older"));
        CHECK_FALSE(isThere("old"));
    }
    SECTION("touch() counts as a use")
    {
        cache.touch("older");
        cache.shrink(2000, any);
        CHECK(isThere("older"));
        CHECK_FALSE(isThere("old"));
    }
}
