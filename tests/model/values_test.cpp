#include "common/model/error.h"
#include "common/model/ids.h"
#include "common/model/image.h"
#include "common/model/mac_address.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>

using namespace bm::model;

TEST_CASE("a MAC address parses from every usual form and has one canonical form", "[model]")
{
    CHECK(macFromText("52:54:00:AB:cd:0f")->text == "52:54:00:ab:cd:0f");
    CHECK(macFromText("52-54-00-ab-cd-0f")->text == "52:54:00:ab:cd:0f");
    CHECK(macFromText("01-52-54-00-ab-cd-0f")->text == "52:54:00:ab:cd:0f");
    CHECK(toBootif(*macFromText("52:54:00:ab:cd:0f")) == "01-52-54-00-ab-cd-0f");
    for (const char* wrong : {"", "52:54:00:ab:cd", "52:54:00:ab:cd:0g", "525400abcd0f", "00:00:00:00:00:00",
                              "01:00:5e:00:00:01", "52:54:00:ab:cd:0f:11"})
        CHECK_FALSE(macFromText(wrong));
    for (const char* enrollable :
         {"11:22:33:44:55:66", "01:00:5E:00:00:01", "00:00:00:00:00:00", "ff-ff-ff-ff-ff-ff"}) {
        CHECK_FALSE(macFromText(enrollable));
        CHECK(anyMacFromText(enrollable));
    }
    for (const char* wrong :
         {"", "52:54:00:ab:cd", "52:54:00:ab:cd:0g", "525400abcd0f", "52:54:00:ab:cd:0f:11"})
        CHECK_FALSE(anyMacFromText(wrong));
}

TEST_CASE("uuids are random, version 4 and recognised", "[model]")
{
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const std::string uuid = makeUuid();
        CHECK(isUuid(uuid));
        CHECK(uuid[14] == '4');
        CHECK(seen.insert(uuid).second);
    }
    CHECK_FALSE(isUuid("rack1-07"));
    CHECK_FALSE(isUuid("123e4567-e89b-12d3-a456-42661417400z"));
}

TEST_CASE("a content id has 64 lower-case hexadecimal digits", "[model]")
{
    const std::string id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    CHECK(isContentId(id));
    CHECK_FALSE(isContentId(""));
    CHECK_FALSE(isContentId(id.substr(1)));
    CHECK_FALSE(isContentId(id + "0"));
    CHECK_FALSE(isContentId("F" + id.substr(1)));
    CHECK_FALSE(isContentId("../../" + id.substr(6)));
}

TEST_CASE("every error code has one name and a row in docs/errors.md", "[model]")
{
    std::ifstream file(bm::tests::sourceFolder() + "/docs/errors.md");
    std::stringstream text;
    text << file.rdbuf();
    std::set<std::string_view> names;
    for (const ErrorCode code : allErrorCodes()) {
        INFO(toText(code));
        CHECK(names.insert(toText(code)).second);
        CHECK(errorCodeFromText(toText(code)) == code);
        CHECK(text.str().find("| `" + std::string(toText(code)) + "` |") != std::string::npos);
    }
}

TEST_CASE("an error with a context in front keeps its code and hint", "[model]")
{
    const Error error(ErrorCode::BmcUnreachable, "no reply", "check the cable");
    const Error above = error.during("power_on");
    CHECK(above.code() == ErrorCode::BmcUnreachable);
    CHECK(above.message() == "power_on: no reply");
    CHECK(above.hint() == "check the cable");
}

TEST_CASE("a message goes on behind a NUL of a client's text", "[model][error]")
{
    using namespace std::string_literals;
    const Error error(ErrorCode::InvalidInput, "host_name: \"a\0b\" is not a host name"s);
    CHECK(error.message() == "host_name: \"a\\u0000b\" is not a host name");
    CHECK(error.during("x").message() == "x: host_name: \"a\\u0000b\" is not a host name");
}
