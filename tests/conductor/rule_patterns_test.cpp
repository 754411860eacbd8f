// Regular expressions of inspection rules.
#include "conductor/nodes/inspection_rules.h"
#include "conductor/nodes/rule_patterns.h"
#include "conductor/resources/inspection_rule_rules.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::World;

namespace {

model::InspectionRule ruleWithPattern(const std::string& op, const std::string& pattern)
{
    model::InspectionRule rule;
    const json args = {{"value", "{inventory[serial]}"}, {"regex", pattern}};
    rule.conditions.text = json::array({{{"op", op}, {"args", args}}}).dump();
    rule.actions.text = R"([{"op":"set-attribute","args":{"path":"/extra/hit","value":true}}])";
    return rule;
}

/// True if the rule's condition holds for a machine with that serial number.
bool hits(const std::string& op, const std::string& pattern, const std::string& serial)
{
    conductor::InspectionFacts facts{{{"name", "n"}, {"extra", json::object()}}, {{"serial", serial}}};
    conductor::applyInspectionRules({ruleWithPattern(op, pattern)}, facts);
    return facts.node.at("extra").contains("hit");
}

} // namespace

TEST_CASE("matches fits the whole value, contains a part of it", "[conductor][inspect]")
{
    CHECK(hits("matches", "CZ[0-9]+", "CZ2301"));
    CHECK_FALSE(hits("matches", "CZ[0-9]+", "CZ2301-A"));
    CHECK(hits("contains", "CZ[0-9]+", "CZ2301-A"));
    CHECK(hits("matches", "(?i)cz\\d+", "CZ2301"));
    CHECK(hits("contains", "^(CZ|MX)", "MX1"));
    CHECK_FALSE(hits("contains", "^(CZ|MX)", "A-MX1"));
    CHECK(hits("contains", "01$", "CZ2301"));
    CHECK(hits("matches", "CZ\\.1\\[2\\]", "CZ.1[2]"));
    CHECK(hits("matches", "M.*n", "M\xc3\xbcn"));
    CHECK_FALSE(hits("matches", "x", ""));
    CHECK(hits("matches", "", ""));
}

TEST_CASE("repetitions in braces are part of the expression, names in braces are values",
          "[conductor][inspect]")
{
    CHECK(hits("matches", "CZ\\d{4}", "CZ2301"));
    CHECK_FALSE(hits("matches", "CZ\\d{4}", "CZ230"));
    CHECK(hits("matches", "CZ\\d{2,}", "CZ230"));
    CHECK(hits("matches", "{inventory[serial]}", "CZ2301"));
    CHECK(hits("contains", "^{inventory[serial]}{1}$", "CZ2301"));
}

TEST_CASE("a rule with a bad expression is refused when it is written", "[conductor][inspect]")
{
    World world;
    conductor::Resources<model::InspectionRule> rules(world.core->context, conductor::inspectionRuleRules());
    for (const char* bad : {"(", "[a-", "*", "a{2,1}", "(?=x)y", "(a)\\1", "a{4000}"})
        for (const char* op : {"matches", "!contains"}) {
            INFO(bad);
            CHECK_THROWS_WITH(rules.create(ruleWithPattern(op, bad), "tester"),
                              Contains("regular expression") && Contains(bad));
        }
    CHECK_THROWS_WITH(rules.create(ruleWithPattern("matches", std::string(5000, 'a')), "tester"),
                      Contains("longer than 4096"));
    rules.create(ruleWithPattern("matches", "CZ\\d{4}"), "tester");
    rules.create(ruleWithPattern("matches", "{inventory[serial]}("), "tester"); // known with the value only
}

TEST_CASE("a pattern that makes other engines try exponentially many ways costs no time",
          "[conductor][inspect]")
{
    const std::string value(200'000, 'a');
    const auto began = std::chrono::steady_clock::now();
    CHECK_FALSE(conductor::fitsPattern(value, "(a+)+b", true));
    CHECK_FALSE(conductor::fitsPattern(value, "(a|aa)+$b", false));
    CHECK(conductor::fitsPattern(value, "(a*)*", true));
    CHECK_THROWS_AS(conductor::fitsPattern(value, "((a{1,100}){1,100}){1,100}", false), model::Error);
    CHECK(std::chrono::steady_clock::now() - began < 5s);
}
