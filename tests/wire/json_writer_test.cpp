#include "common/wire/json/json_writer.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

using namespace bm;

namespace {

std::string written(std::string_view text)
{
    return wire::JsonWriter{}.string(text).text();
}

} // namespace

TEST_CASE("written texts parse to themselves", "[wire][json]")
{
    CHECK(written("") == "\"\"");
    CHECK(written("plain") == R"("plain")");
    CHECK(written("a\"b\\c\nd\re\tf") == R"("a\"b\\c\nd\re\tf")");
    CHECK(written(std::string_view("\0x\x1f\x7f", 4)) == R"("\u0000x\u001f\u007f")");
    for (const std::string text : {"", "\"", "x\"", "\"x", "Grüße, 世界 😀", "tail\\", "a\x7f z"})
        CHECK(nlohmann::json::parse(written(text)).get<std::string>() == text);
}

TEST_CASE("bytes that are no UTF-8 become the replacement character", "[wire][json]")
{
    CHECK(written("a\xff b") == "\"a\xEF\xBF\xBD b\"");
    CHECK(written("\xC3") == "\"\xEF\xBF\xBD\"");                                   // cut off
    CHECK(written("\xC0\xAF") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                   // overlong
    CHECK(written("\xED\xA0\x80x") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDx\""); // a surrogate
}
