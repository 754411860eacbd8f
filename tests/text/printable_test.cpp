// Text of strangers on a terminal and in a log.
#include "common/text/printable.h"
#include "common/text/utf8.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace std::string_literals;
using bm::text::Breaks;
using bm::text::printable;

TEST_CASE("printable text stays as it is", "[text][printable]")
{
    for (const std::string text :
         {"", "rack1-07", "a \"quoted\" \\ text", "Größe", "机架", "\xF0\x9F\x96\xA5", "\xC2\xA0"})
        CHECK(printable(text) == text);
}

TEST_CASE("characters that control a terminal are escaped", "[text][printable]")
{
    CHECK(printable("\x1b[2J") == "\\u001b[2J");
    CHECK(printable("\x1b]0;title\x07") == "\\u001b]0;title\\u0007");
    CHECK(printable("a\0b"s) == "a\\u0000b");
    CHECK(printable("\x7f") == "\\u007f");
    for (unsigned c1 = 0x80; c1 <= 0x9F; ++c1)
        CHECK(printable("\xC2"s + static_cast<char>(c1)) == fmt::format("\\u{:04x}", c1));
}

TEST_CASE("bidirectional characters are escaped", "[text][printable]")
{
    CHECK(printable("\u202Etxt.exe") == "\\u202etxt.exe");
    for (const std::string text :
         {"\u061C", "\u200E", "\u200F", "\u202A", "\u202D", "\u2066", "\u2069", "\u2028", "\u2029"})
        CHECK(printable(text).starts_with("\\u"));
    CHECK(printable("\u200D") == "\u200D"); // a joiner of emoji
    CHECK(printable("\u2065") == "\u2065");
}

TEST_CASE("breaks are escaped in a line and kept in an output, but for the carriage return",
          "[text][printable]")
{
    CHECK(printable("a\nb\tc\rd") == "a\\nb\\tc\\rd");
    CHECK(printable("a\nb\tc\rd", Breaks::Kept) == "a\nb\tc\\rd");
}

TEST_CASE("bytes that are not UTF-8 are escaped one by one", "[text][printable]")
{
    CHECK(printable("\x9b"
                    "2J") == "\\x9b2J"); // CSI of an eight-bit terminal
    CHECK(printable("\xC0\x9b") == "\\xc0\\x9b");
    CHECK(printable("\xED\xA0\x80") == "\\xed\\xa0\\x80");
    CHECK(printable("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
    CHECK(printable("a\xE2\x80") == "a\\xe2\\x80");
}

TEST_CASE("no byte sequence leaves a control character", "[text][printable]")
{
    for (int first = 0; first < 256; ++first)
        for (int second = 0; second < 256; ++second) {
            const std::string shown =
                printable(std::string{static_cast<char>(first), static_cast<char>(second)});
            REQUIRE(bm::text::isUtf8(shown));
            REQUIRE(printable(shown) == shown);
        }
}

TEST_CASE("the begin of a sequence waits for its rest", "[text][printable]")
{
    using bm::text::unfinishedBytes;
    CHECK(unfinishedBytes("") == 0);
    CHECK(unfinishedBytes("abc") == 0);
    CHECK(unfinishedBytes("a\xC3") == 1);
    CHECK(unfinishedBytes("a\xC3\xA4") == 0);
    CHECK(unfinishedBytes("a\xE2\x80") == 2);
    CHECK(unfinishedBytes("a\xF0\x9F\x96") == 3);
    CHECK(unfinishedBytes("\x80\x80\x80\x80") == 0);
}

TEST_CASE("short printable text has at most the given bytes", "[text][printable]")
{
    using bm::text::shortPrintable;
    CHECK(shortPrintable("", 10).empty());
    CHECK(shortPrintable("0123456789", 10) == "0123456789");
    CHECK(shortPrintable("0123456789a", 10) == "0123456...");
    CHECK(shortPrintable("\x1b[2J", 10) == "\\u001b[2J");
    CHECK(shortPrintable(std::string(1'000'000, '\x1b'), 16) == "\\u001b\\u001b..."); // no escape is split
    CHECK(shortPrintable("Größe Größe", 8) == "Grö...");                              // nor a character
    for (std::size_t most = 3; most < 40; ++most)
        CHECK(shortPrintable("a\x1b\xff机\n架b\t\x80 Größe", most).size() <= most);
}
