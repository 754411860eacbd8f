#include "common/text/bytes.h"
#include "common/text/text.h"

#include <array>
#include <catch2/catch.hpp>

using namespace bm;

TEST_CASE("trimmed() removes blanks at both ends only", "[text]")
{
    CHECK(text::trimmed(" \t a b\r\n") == "a b");
    CHECK(text::trimmed("ab") == "ab");
    CHECK(text::trimmed(" \n") == "");
    CHECK(text::trimmed("") == "");
    CHECK(text::trimmed("\"a \"", "\"") == "a ");
}

TEST_CASE("words() leaves out empty pieces", "[text]")
{
    CHECK(text::words("  one two\tthree\n") == std::vector<std::string_view>{"one", "two", "three"});
    CHECK(text::words("a,,b,", ",") == std::vector<std::string_view>{"a", "b"});
    CHECK(text::words("   ").empty());
}

TEST_CASE("takeLine() takes lines with and without their newline", "[text]")
{
    std::string_view rest = "one\n\ntwo";
    CHECK(text::takeLine(rest) == "one");
    CHECK(text::takeLine(rest) == "");
    CHECK(text::takeLine(rest) == "two");
    CHECK(rest.empty());
}

TEST_CASE("joined() puts the separator between pieces", "[text]")
{
    CHECK(text::joined(std::vector<std::string>{"a", "", "c"}, ", ") == "a, , c");
    CHECK(text::joined(std::array<std::string_view, 1>{"a"}, ", ") == "a");
    CHECK(text::joined(std::vector<std::string>{}, ", ").empty());
}

TEST_CASE("parseNumber() takes whole texts only", "[text]")
{
    CHECK(text::parseNumber<int>("-12") == -12);
    CHECK(text::parseNumber<std::uint8_t>("255") == 255);
    CHECK(text::parseNumber<std::uint64_t>("ff", 16) == 255U);
    CHECK(text::parseNumber<double>("1.5") == 1.5);
    for (const std::string_view wrong : {"", " 1", "1 ", "+1", "1x", "0x1", "99999999999"})
        CHECK_FALSE(text::parseNumber<int>(wrong));
    CHECK_FALSE(text::parseNumber<std::uint8_t>("256"));
    CHECK_FALSE(text::parseNumber<unsigned>("-1"));
    CHECK_FALSE(text::parseNumber<double>("1e5"));
}

TEST_CASE("takeNumber() moves the text behind the number, or leaves it", "[text]")
{
    std::string_view rest = "12px";
    CHECK(text::takeNumber<int>(rest) == 12);
    CHECK(rest == "px");
    CHECK_FALSE(text::takeNumber<int>(rest));
    CHECK(rest == "px");
}

TEST_CASE("hexadecimal digits and back", "[text]")
{
    const std::array<unsigned char, 3> bytes{0x00, 0xaf, 0x10};
    CHECK(text::toHex(std::span<const unsigned char>(bytes)) == "00af10");
    const std::optional<std::vector<std::byte>> read = text::bytesFromHex("00AF10");
    REQUIRE(read);
    CHECK(text::toHex(*read) == "00af10");
    CHECK_FALSE(text::bytesFromHex("0"));
    CHECK_FALSE(text::bytesFromHex("0g"));
    CHECK(text::isLowerHex("0af", 3));
    CHECK_FALSE(text::isLowerHex("0aF", 3));
    CHECK_FALSE(text::isLowerHex("0a", 3));
}

TEST_CASE("naturalLess() compares numbers by value", "[text]")
{
    CHECK(text::naturalLess("web-9", "web-10"));
    CHECK_FALSE(text::naturalLess("web-10", "web-9"));
    CHECK(text::naturalLess("r1-n2", "r1-n10"));
    CHECK(text::naturalLess("a", "b"));
    CHECK(text::naturalLess("a", "a1"));
    CHECK_FALSE(text::naturalLess("a01", "a1"));
    CHECK_FALSE(text::naturalLess("a1", "a01"));
}

TEST_CASE("integers of either byte order", "[text]")
{
    std::array<std::byte, 8> bytes{};
    text::storeLittleEndian<std::uint32_t>(bytes, 2, 0x11223344);
    CHECK(text::littleEndian<std::uint32_t>(bytes, 2) == 0x11223344);
    CHECK(text::bigEndian<std::uint32_t>(bytes, 2) == 0x44332211);
    CHECK(text::bigEndian<std::uint16_t>(bytes, 5) == 0x1100);
}
