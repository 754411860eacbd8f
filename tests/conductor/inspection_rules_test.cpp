#include "common/model/error.h"
#include "conductor/nodes/inspection_rules.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using conductor::InspectionFacts;
using nlohmann::json;

namespace {

InspectionFacts factsOfOneNode()
{
    InspectionFacts facts;
    facts.node = {{"name", "rack1-07"},
                  {"driver", "ipmi"},
                  {"properties", {{"capabilities", "boot_mode:uefi,raid_level:1"}, {"cpus", 8}}},
                  {"extra", {{"list", {1, 2}}, {"text", "x"}}},
                  {"traits", {"CUSTOM_OLD", "CUSTOM_KEPT"}}};
    facts.inventory = {{"cpu", {{"count", 8}}},
                       {"disks", {{{"name", "sda"}, {"size", 100}}, {{"name", "sdb"}, {"size", 900}}}},
                       {"nics", {{"eth0", "52:54:00:00:00:01"}, {"eth1", "52:54:00:00:00:02"}}}};
    facts.pluginData = {{"seen", 1}};
    facts.ports = {
        {{"uuid", "u-1"}, {"address", "52:54:00:00:00:01"}, {"name", "first"}, {"extra", {{"a", 1}}}}};
    return facts;
}

/// The facts after one rule with these conditions and actions.
InspectionFacts after(const json& actions, const json& conditions = json::array())
{
    model::InspectionRule rule;
    rule.id.uuid = "rule-1";
    rule.conditions.text = conditions.dump();
    rule.actions.text = actions.dump();
    InspectionFacts facts = factsOfOneNode();
    conductor::applyInspectionRules({rule}, facts);
    return facts;
}

json action(const std::string& op, const json& args)
{
    return json::array({{{"op", op}, {"args", args}}});
}

bool holdsFor(const json& condition)
{
    const InspectionFacts facts = after(action("log", {{"msg", "hit"}}), json::array({condition}));
    return !facts.messages.empty();
}

std::string complaint(const json& actions, const json& conditions = json::array())
{
    try {
        after(actions, conditions);
    } catch (const model::Error& error) {
        CHECK(error.code() == model::ErrorCode::InvalidInput);
        CHECK_FALSE(error.hint().empty());
        return error.what();
    }
    return "";
}

json condition(const std::string& op, const json& args)
{
    return json::array({{{"op", op}, {"args", args}}});
}

} // namespace

TEST_CASE("actions of inspection rules change the node", "[conductor][inspection]")
{
    SECTION("attributes: set, extended, removed")
    {
        CHECK(after(action("set-attribute",
                           {{"path", "/extra/new/deep"}, {"value", "{inventory[cpu][count]}"}}))
                  .node.at("extra")
                  .at("new")
                  .at("deep") == 8);
        const auto list = [](const json& args) {
            return after(action("extend-attribute", args)).node.at("extra");
        };
        CHECK(list({{"path", "/extra/list"}, {"value", 2}}).at("list") == json({1, 2, 2}));
        CHECK(list({{"path", "/extra/list"}, {"value", 2}, {"unique", true}}).at("list") == json({1, 2}));
        CHECK(list({{"path", "extra.fresh"}, {"value", 2}, {"unique", "yes"}}).at("fresh") == json({2}));
        CHECK_FALSE(
            after(action("del-attribute", {{"path", "/extra/list"}})).node.at("extra").contains("list"));
        CHECK_FALSE(after(action("del-attribute", {{"path", "extra"}})).node.contains("extra"));
        CHECK(after(action("del-attribute", {{"path", "/no/such/thing"}})).node == factsOfOneNode().node);
    }
    SECTION("capabilities: set, replaced, taken away")
    {
        const auto capabilities = [](const std::string& op, const json& args) {
            return after(action(op, args)).node.at("properties").at("capabilities").get<std::string>();
        };
        CHECK(capabilities("set-capability", {{"name", "boot_mode"}, {"value", "bios"}}) ==
              "boot_mode:bios,raid_level:1");
        CHECK(capabilities("set-capability", {{"name", "gpu"}, {"value", 2}}) ==
              "boot_mode:uefi,gpu:2,raid_level:1");
        CHECK(capabilities("unset-capability", {{"name", "raid_level"}}) == "boot_mode:uefi");
        CHECK(capabilities("unset-capability", {{"name", "ghost"}}) == "boot_mode:uefi,raid_level:1");
    }
    SECTION("traits: added once, removed")
    {
        CHECK(after(action("add-trait", {{"name", "CUSTOM_OLD"}})).node.at("traits") ==
              json({"CUSTOM_KEPT", "CUSTOM_OLD"}));
        CHECK(after(action("remove-trait", {{"name", "CUSTOM_OLD"}})).node.at("traits") ==
              json({"CUSTOM_KEPT"}));
    }
    SECTION("plugin data: set, extended, removed")
    {
        const json args = {{"path", "a/b"}, {"value", "{node.name}"}};
        CHECK(after(action("set-plugin-data", args)).pluginData.at("a").at("b") == "rack1-07");
        CHECK(after(action("extend-plugin-data", args)).pluginData.at("a").at("b") == json({"rack1-07"}));
        CHECK(after(action("unset-plugin-data", {{"path", "seen"}})).pluginData.empty());
    }
    SECTION("ports, by uuid, address or name")
    {
        for (const char* ident : {"u-1", "52:54:00:00:00:01", "first", "{inventory[nics][eth0]}"}) {
            const json args = {{"port_id", ident}, {"path", "/extra/rack"}, {"value", "r1"}};
            CHECK(after(action("set-port-attribute", args)).ports.at(0).at("extra").at("rack") == "r1");
        }
        CHECK(
            after(action("extend-port-attribute", {{"port_id", "first"}, {"path", "extra/l"}, {"value", 1}}))
                .ports.at(0)
                .at("extra")
                .at("l") == json({1}));
        CHECK(after(action("del-port-attribute", {{"port_id", "first"}, {"path", "extra/a"}}))
                  .ports.at(0)
                  .at("extra")
                  .empty());
        CHECK_THAT(complaint(action("del-port-attribute", {{"port_id", "ghost"}, {"path", "extra"}})),
                   Contains("ghost"));
    }
}

TEST_CASE("values in the arguments of inspection rules", "[conductor][inspection]")
{
    const auto logged = [](const std::string& text) {
        return after(action("log", {{"msg", text}})).messages.at(0);
    };
    CHECK(logged("{node.name} has {inventory[cpu][count]} cores, {inventory.ghost}!") ==
          "rack1-07 has 8 cores, null!");
    CHECK(logged("{inventory[disks][1][name]}") == "sdb");
    CHECK(logged("{inventory[disks][7][name]}{inventory[disks][x]}{node.ghost}{ghost}") ==
          "nullnullnull{ghost}");
    CHECK(logged("no {end") == "no {end");
    CHECK(logged("{}") == "{}");
    CHECK(after(action("set-attribute", {{"path", "/extra/all"}, {"value", {{"a", {"{node.driver}", 1}}}}}))
              .node.at("extra")
              .at("all") == json({{"a", {"ipmi", 1}}}));
}

TEST_CASE("loops of inspection rules", "[conductor][inspection]")
{
    json each = action("log", {{"msg", "{item[name]}: {item[size]}"}});
    each[0]["loop"] = "{inventory[disks]}";
    CHECK(after(each).messages == std::vector<std::string>{"sda: 100", "sdb: 900"});
    each[0] = {
        {"op", "log"}, {"args", {{"msg", "{item[key]}={item[value]}"}}}, {"loop", "{inventory[nics]}"}};
    CHECK(after(each).messages.at(1) == "eth1=52:54:00:00:00:02");
    each[0]["loop"] = "{inventory[cpu][count]}";
    CHECK(after(each).messages.empty());

    json larger = {
        {"op", "gt"}, {"args", {{"values", {"{item[size]}", 500}}}}, {"loop", "{inventory[disks]}"}};
    CHECK(holdsFor(larger));
    const std::map<std::string, bool> expected{
        {"any", true}, {"all", false}, {"first", false}, {"last", true}};
    for (const auto& [multiple, holds] : expected) {
        larger["multiple"] = multiple;
        CHECK(holdsFor(larger) == holds);
    }
    larger["loop"] = json::array();
    CHECK_FALSE(holdsFor(larger));
}

TEST_CASE("conditions of inspection rules compare numbers and texts", "[conductor][inspection]")
{
    const auto holds = [](const std::string& op, const json& args) {
        return holdsFor({{"op", op}, {"args", args}});
    };
    CHECK(holds("lt", {{"values", {"9", "10", 11}}}));
    CHECK_FALSE(holds("lt", {{"values", {"9", "10"}}, {"force_strings", true}}));
    CHECK(holds("! eq", {{"values", {"a", "b"}}}));
    for (const char* yes : {"true", "True", "yes", "1", "on"})
        CHECK(holds("is-true", {{"value", yes}}));
    CHECK(holds("is-true", {{"value", 2}}));
    CHECK(holds("is-false", {{"value", nullptr}}));
    CHECK(holds("is-empty", {{"value", json::array()}}));
    CHECK_FALSE(holds("is-empty", {{"value", 0}}));
    CHECK(holds("matches", {{"value", "{node.name}"}, {"regex", "rack[0-9]+-.*"}}));
}

TEST_CASE("the error of an inspection rule names the rule and the reason", "[conductor][inspection]")
{
    CHECK_THAT(complaint(action("set-attribute", {{"path", "//"}, {"value", 1}})), Contains("has no key"));
    CHECK_THAT(complaint(action("set-attribute", {{"path", "/extra/text/below"}, {"value", 1}})),
               Contains("below"));
    CHECK_THAT(complaint(action("set-attribute", {{"path", "/extra/text/far/below"}, {"value", 1}})),
               Contains("is not an object"));
    CHECK_THAT(complaint(action("extend-attribute", {{"path", "/extra/text"}, {"value", 1}})),
               Contains("is not a list"));
    CHECK_THAT(complaint(action("set-attribute", {{"value", 1}})), Contains("rule-1"));
    const json log = action("log", {{"msg", "x"}});
    CHECK_THAT(complaint(log, condition("eq", {{"values", {1}}})), Contains("at least two"));
    CHECK_THAT(complaint(log, condition("matches", {{"value", "x"}, {"regex", "("}})), Contains("regular"));
    CHECK_THAT(complaint(log, condition("contains", {{"value", "x"}, {"regex", std::string(5000, 'x')}})),
               Contains("4096"));
    CHECK_THAT(complaint(log, condition("eq", json::object())), Contains("values"));
}

TEST_CASE("inspection rules apply in the order of their priorities", "[conductor][inspection]")
{
    std::vector<model::InspectionRule> rules(3);
    for (std::size_t i = 0; i < rules.size(); ++i) {
        rules[i].id.uuid = "rule-" + std::to_string(i);
        rules[i].priority = i == 2 ? 10 : 0;
        rules[i].conditions.text = "[]";
        rules[i].actions.text = action("log", {{"msg", std::to_string(i)}}).dump();
    }
    InspectionFacts facts = factsOfOneNode();
    conductor::applyInspectionRules(rules, facts);
    CHECK(facts.messages == std::vector<std::string>{"2", "0", "1"});
}
