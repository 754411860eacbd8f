#include "common/platform/files.h"
#include "images/sources/s3_cache.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace bm;
using namespace std::chrono_literals;

TEST_CASE("of the copies of a bucket's objects, those unused for longest go", "[images][s3]")
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

    SECTION("as many as are too much")
    {
        cache.shrink(2000, any);
        CHECK_FALSE(isThere("older"));
        CHECK(isThere("old"));
        CHECK(isThere("new"));
    }
    SECTION("none that was used a moment ago, even if it is too much")
    {
        cache.shrink(0, any);
        CHECK_FALSE(isThere("old"));
        CHECK(isThere("new"));
    }
    SECTION("none that is nowhere else")
    {
        cache.shrink(2000, [](const std::string& id) { return id != "older"; });
        CHECK(isThere("older"));
        CHECK_FALSE(isThere("old"));
    }
    SECTION("what is asked for counts as used")
    {
        cache.touch("older");
        cache.shrink(2000, any);
        CHECK(isThere("older"));
        CHECK_FALSE(isThere("old"));
    }
}
