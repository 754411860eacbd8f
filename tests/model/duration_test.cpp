#include "common/model/duration.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>

using namespace bm::model;
using namespace std::chrono_literals;

TEST_CASE("a duration is whole numbers with their units", "[model]")
{
    CHECK(durationFromText("4h") == 4h);
    CHECK(durationFromText("90m") == 90min);
    CHECK(durationFromText("6d") == 144h);
    CHECK(durationFromText("1h30m") == 90min);
    CHECK(durationFromText("2w") == 336h);
    CHECK(durationFromText("250ms") == 250ms);
    CHECK(durationFromText("0s") == 0s);
    for (const char* wrong : {"", "4", "h", "-4h", "+4h", "4 h", "4x", "1.5h", "4h30",
                              "99999999999999999999h", "9223372036854775807w", "3661d", "1d1"})
        CHECK_FALSE(durationFromText(wrong));
    CHECK_THROWS_AS(requireDuration("soon", "window"), Error);
}

TEST_CASE("a duration's text is the shortest that parses to it", "[model]")
{
    for (const char* text : {"4h", "1h30m", "6d", "1d12h", "1m30s", "250ms", "0s"})
        CHECK(toText(*durationFromText(text)) == text);
    CHECK(toText(std::chrono::milliseconds{90min}) == "1h30m");
    CHECK(toText(std::chrono::milliseconds{-5s}) == "-5s");
}
