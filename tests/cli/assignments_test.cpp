#include "cli/client/assignments.h"
#include "common/model/error.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json valueOf(const std::string& argument)
{
    return cli::patchOf({argument}).at(0).at("value");
}

} // namespace

TEST_CASE("KEY=VALUE keeps a text that only looks like a number", "[cli][assignments]")
{
    for (const char* text : {"77950e8", "00123", "1.10", "1e3", "-0", "+5", "0x1f", "12345678901234567890123",
                             "NaN", "null", "\"quoted\"", "yes", "10.0.4.17", "a=b", " 5"}) {
        INFO(text);
        CHECK(valueOf("extra/commit=" + std::string(text)) == text);
    }
    CHECK(valueOf("extra/n=123") == 123);
    CHECK(valueOf("extra/n=-5") == -5);
    CHECK(valueOf("protected=true") == true);
    CHECK(valueOf("extra/list=[1, \"a\"]") == json::parse(R"([1, "a"])"));
    CHECK(valueOf("driver_info/ipmi_password=123") == "123");
}

TEST_CASE("KEY:=VALUE is JSON", "[cli][assignments]")
{
    CHECK(valueOf("extra/rate:=1.5") == 1.5);
    CHECK(valueOf("extra/commit:=77950e8") == 77950e8);
    CHECK(valueOf("extra/text:=\"5\"") == "5");
    CHECK(valueOf("extra/nothing:=null").is_null());
    CHECK(valueOf("extra/url=http://a:=b") == "http://a:=b");
    CHECK_THROWS_WITH(cli::patchOf({"extra/n:=00123"}),
                      Contains("\"extra/n:=00123\": the value is not JSON"));
    CHECK_THROWS_WITH(cli::patchOf({"driver_info/ipmi_password:=hush"}),
                      Contains("\"driver_info/ipmi_password:=******\": the value is not JSON"));
    CHECK(cli::patchOf({"extra/n="}).at(0).at("op") == "remove");
    for (const char* wrong : {"", "extra", "=5"})
        CHECK_THROWS_WITH(cli::patchOf({wrong}), Contains("is not FIELD=VALUE"));
}

TEST_CASE("hints are texts, and HINT:=JSON is JSON", "[cli][assignments]")
{
    CHECK(cli::hintsOf({"serial=00123", "size=>= 400", "wwn=5e3", "rotational:=false"}, "--root-device") ==
          json::parse(R"({"serial": "00123", "size": ">= 400", "wwn": "5e3", "rotational": false})"));
    CHECK_THROWS_WITH(cli::hintsOf({"sda"}, "--root-device"),
                      Contains("--root-device sda: expected HINT=VALUE"));
}

TEST_CASE("the hint for a field that is a text is a word of a shell", "[cli][assignments]")
{
    const auto hintFor = [](const std::vector<std::string>& words, const std::string& message) {
        return cli::refusalOf(words, {model::ErrorCode::InvalidInput, message, "put the number in quotes"})
            .hint();
    };
    const std::string refusal = "description: a number is not of type 'string', 'null'";
    CHECK(hintFor({"extra/n=1", "description=12"}, refusal) == "for a text: description:='\"12\"'");
    CHECK(hintFor({"description=[\"it's\"]"}, refusal) == R"(for a text: description:='"[\"it'\''s\"]"')");
    CHECK(hintFor({"owner=12"}, refusal) == "put the number in quotes");
    CHECK(hintFor({"description=12"}, "description: is too long") == "put the number in quotes");
}
