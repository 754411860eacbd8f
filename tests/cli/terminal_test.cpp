// What bm prints: text of strangers is escaped, bm's own control codes are not.
#include "cli/views/output.h"
#include "cli/views/terminal.h"
#include "cli/views/timeline.h"

#include <catch2/catch.hpp>
#include <iostream>
#include <sstream>

using namespace bm::cli;
using nlohmann::json;

TEST_CASE("the output escapes control characters", "[cli][terminal]")
{
    std::ostringstream target;
    TerminalFilter filter(*target.rdbuf());
    std::ostream out(&filter);
    SECTION("of every text")
    {
        out << "name: "
            << "\x1b[2J" << '\x07' << "\u202E"
            << "\n\ttab" << '\r' << std::flush;
        CHECK(target.str() == "name: \\u001b[2J\\u0007\\u202e\n\ttab\\r");
    }
    SECTION("also when a character arrives in pieces")
    {
        out << '\xC2' << '\x9b' << "2J " << '\xC3' << '\xA4' << std::flush;
        CHECK(target.str() == "\\u009b2J \u00E4");
    }
    SECTION("also of a character that never ends")
    {
        out << "a\xE2\x80" << std::flush;
        CHECK(target.str() == "a\\xe2\\x80");
    }
    SECTION("but not bm's own codes, in their order")
    {
        out << "a\xC3" << Control{"\r\033[K"} << "\r\033[K";
        CHECK(target.str() == "a\\xc3\r\033[K\\r\\u001b[K");
    }
}

TEST_CASE("control codes go to other streams as they are", "[cli][terminal]")
{
    std::ostringstream out;
    out << Control{"\033[2A"};
    CHECK(out.str() == "\033[2A");
}

TEST_CASE("escaped JSON and YAML mean the same", "[cli][terminal]")
{
    const json object{{"name", "a\u202Eb\u009bc\nd\x1b"}};
    for (const Format format : {Format::Json, Format::Yaml}) {
        std::ostringstream target;
        {
            TerminalFilter filter(*target.rdbuf());
            std::ostream(&filter) << renderObject(object, format);
        }
        CHECK(target.str().find('\x1b') == std::string::npos);
        CHECK(target.str().find("\u202E") == std::string::npos);
        if (format == Format::Json)
            CHECK(json::parse(target.str()) == object);
        else
            CHECK(target.str().find("\\u202e") != std::string::npos);
    }
}

TEST_CASE("a text with line feeds is one cell, one value and one event", "[cli][terminal]")
{
    const json rows = json::array({{{"name", "n1\nn2 forged"}, {"state", "ok"}}});
    CHECK(renderList(rows, {{"NAME", "name"}, {"STATE", "state"}}, Format::Table).find("\nn2") ==
          std::string::npos);
    CHECK(renderObject(rows.at(0), Format::Table).find("\nn2") == std::string::npos);
}

TEST_CASE("what a command prints goes through the filter while SafeOutput lives", "[cli][terminal]")
{
    std::ostringstream out;
    std::streambuf* const before = std::cout.rdbuf(out.rdbuf());
    {
        const SafeOutput safe;
        std::cout << "\x1b[31m";
    }
    std::cout << "\x1b[0m";
    std::cout.rdbuf(before);
    CHECK(out.str() == "\\u001b[31m\x1b[0m");
}
