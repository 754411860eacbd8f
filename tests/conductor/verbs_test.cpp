// The verbs besides manage, provide, deploy and undeploy, and steps of requests, on simulated machines.
#include "common/wire/resources/inspection_rule_fields.h"
#include "conductor/nodes/inspection_rules.h"
#include "conductor/resources/inspection_rule_rules.h"
#include "conductor/resources/step_list_rules.h"
#include "db/repositories/inventory_repository.h"
#include "db/repositories/resources/inspection_rule_repository.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using model::State;
using model::StateEvent;
using nlohmann::json;
using test::World;

namespace {

void order(World& world, StateEvent verb, const json& steps, bool disableRamdisk = false)
{
    conductor::VerbOrder order;
    order.stepsJson = steps.dump();
    order.disableRamdisk = disableRamdisk;
    world.core->operations.verb("node-1", verb, order, "tester");
}

json step(const std::string& interface, const std::string& name, json args = json::object())
{
    return {{"interface", interface}, {"step", name}, {"args", std::move(args)}};
}

std::vector<std::string> namesOf(const World& world)
{
    std::vector<std::string> names;
    for (const model::Step& one : world.steps("node-1"))
        names.push_back(one.name);
    return names;
}

std::string refusal(const std::function<void()>& act)
{
    try {
        act();
    } catch (const model::Error& error) {
        return error.message() + " / " + error.hint();
    }
    return "";
}

} // namespace

TEST_CASE("a manual cleaning does the given steps and leads to manageable", "[conductor][clean]")
{
    World world;
    world.nodeIn(State::Manageable);
    order(world, StateEvent::Clean,
          json::array({step("deploy", "burnin_cpu", {{"seconds", 1}}), step("deploy", "erase_devices")}));
    CHECK(world.stateOf("node-1") == State::Cleaning);
    CHECK(world.node("node-1").target == State::Manageable);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::Manageable);
    CHECK(namesOf(world) == std::vector<std::string>{"expect_boot", "power_off", "boot_device_pxe",
                                                     "power_on", "await_agent", "burnin_cpu", "erase_devices",
                                                     "end_cleaning"});
    CHECK(world.node("node-1").power == model::PowerState::Off);

    SECTION("unsupported steps are refused at once, with the supported ones")
    {
        const auto ask = [&](json steps, bool disable = false) {
            return refusal([&] { order(world, StateEvent::Clean, std::move(steps), disable); });
        };
        CHECK_THAT(
            ask(json::array({step("deploy", "nonsense")})),
            Contains("node does not support this clean step: {'interface': 'deploy', 'step': 'nonsense'}") &&
                Contains("deploy.erase_devices"));
        CHECK_THAT(ask(json::array({step("deploy", "erase_devices", {{"colour", 1}})})),
                   Contains("takes no argument 'colour'"));
        CHECK_THAT(ask(json::array({step("deploy", "erase_devices", {{"shred_passes", "abc"}})})),
                   Contains("deploy.erase_devices: args.shred_passes"));
        for (const char* name : {"hold", "wait", "power_on", "power_off", "reboot"}) {
            INFO(name);
            CHECK_THAT(
                ask(json::array(
                    {{{"interface", "deploy"}, {"step", name}, {"args", {{"seconds", 1}, {"x", 1}}}}})),
                Contains("takes no argument"));
        }
        CHECK_THAT(ask(json::array({step("bios", "apply_configuration")})),
                   Contains("needs the argument 'settings'"));
        CHECK_THAT(ask(json::array({step("deploy", "erase_devices")}), true), Contains("disable_ramdisk"));
        CHECK_THAT(ask(json::array()), Contains("clean_steps"));
        CHECK(world.stateOf("node-1") == State::Manageable);
    }
    SECTION("a step that fails leaves the node in clean failed")
    {
        world.core->nodes.update(
            "node-1",
            [](model::Node& node) {
                node.driverInfo.text = R"({"fake_step_fault":"burnin_cpu:agent-failed"})";
            },
            "tester");
        order(world, StateEvent::Clean, json::array({step("deploy", "burnin_cpu")}));
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") == State::CleanFailed);
        CHECK(world.node("node-1").lastErrorCode == "agent-failed");
        world.verb("node-1", StateEvent::Manage);
        CHECK(world.stateOf("node-1") == State::Manageable);
        CHECK_FALSE(world.node("node-1").target);
    }
    SECTION("without the RAM disk, for firmware")
    {
        order(world, StateEvent::Clean,
              json::array(
                  {step("bios", "apply_configuration",
                        {{"settings", json::array({{{"name", "LogicalProc"}, {"value", "Enabled"}}})}})}),
              true);
        world.runUntilIdle(5s);
        CHECK(namesOf(world) == std::vector<std::string>{"bios_apply_configuration"});
        CHECK(json::parse(world.node("node-1").driverInternalInfo.text).at("bios").at("LogicalProc") ==
              "Enabled");
    }
}

TEST_CASE("a BMC's step is for the hardware types that implement it", "[conductor][clean]")
{
    World world;
    world.nodeIn(State::Manageable);
    world.core->nodes.update(
        "node-1",
        [](model::Node& node) {
            node.driver = "ipmi";
            node.driverInfo.text = R"({"ipmi_address":"192.0.2.1"})";
        },
        "tester");
    CHECK_THAT(
        refusal([&] { order(world, StateEvent::Clean, json::array({step("bios", "factory_reset")}), true); }),
        Contains("does not support this clean step") && Contains("management.reset_bmc") &&
            !Contains("bios."));
    order(world, StateEvent::Clean, json::array({step("management", "reset_bmc")}), true);
    CHECK(namesOf(world) == std::vector<std::string>{"reset_bmc"});
}

TEST_CASE("a held step waits for unhold, also after a restart", "[conductor][clean]")
{
    World world;
    world.nodeIn(State::Manageable);
    order(world, StateEvent::Clean,
          json::array(
              {step("power", "hold"), step("power", "wait", {{"seconds", 2}}), step("power", "reboot")}));
    world.runUntilIdle(3s);
    CHECK(world.stateOf("node-1") == State::CleanHold);
    world.restart();
    world.runUntilIdle(3s);
    CHECK(world.stateOf("node-1") == State::CleanHold);
    SECTION("and goes on")
    {
        world.verb("node-1", StateEvent::Unhold);
        world.runUntilIdle(10s);
        CHECK(world.stateOf("node-1") == State::Manageable);
        CHECK(namesOf(world).size() == 14); // the reboot is a power off and another boot of the agent
    }
    SECTION("or is aborted")
    {
        world.verb("node-1", StateEvent::Abort);
        world.runUntilIdle(3s);
        CHECK(world.stateOf("node-1") == State::CleanFailed);
    }
}

TEST_CASE("RAID is created by target_raid_config, and deleted", "[conductor][clean]")
{
    World world;
    world.nodeIn(State::Manageable);
    world.core->nodes.update(
        "node-1",
        [](model::Node& node) {
            node.targetRaidConfig.text = R"({"logical_disks":[{"raid_level":"1","size_gb":"MAX"}]})";
        },
        "tester");
    order(world, StateEvent::Clean, json::array({step("raid", "create_configuration")}));
    world.runUntilIdle(5s);
    REQUIRE(world.stateOf("node-1") == State::Manageable);
    CHECK(json::parse(world.node("node-1").raidConfig.text).at("logical_disks").at(0).at("name") ==
          "/dev/md0");
    order(world, StateEvent::Clean, json::array({step("raid", "delete_configuration")}));
    world.runUntilIdle(5s);
    CHECK(world.node("node-1").raidConfig.text == "{}");
}

TEST_CASE("a service shuts the machine down, does its steps and starts it again", "[conductor][service]")
{
    World world;
    world.nodeIn(State::Active);
    order(world, StateEvent::Service, json::array({step("deploy", "burnin_memory")}));
    CHECK(world.stateOf("node-1") == State::Servicing);
    world.runUntilIdle(10s);
    CHECK(world.stateOf("node-1") == State::Active);
    CHECK(world.node("node-1").power == model::PowerState::On);
    CHECK(namesOf(world).front() == "shut_down");
    CHECK_THAT(
        refusal([&] { order(world, StateEvent::Service, json::array({step("deploy", "erase_devices")})); }),
        Contains("does not support this service step"));
    SECTION("also when its step fails")
    {
        world.core->nodes.update(
            "node-1",
            [](model::Node& node) {
                node.driverInfo.text = R"({"fake_step_fault":"burnin_memory:agent-failed"})";
            },
            "tester");
        order(world, StateEvent::Service, json::array({step("deploy", "burnin_memory")}));
        world.runUntilIdle(10s);
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK(world.node("node-1").lastErrorCode == "agent-failed");
        CHECK(world.node("node-1").power == model::PowerState::On);
    }
}

TEST_CASE("runbooks are lists of steps for the nodes that have their trait", "[conductor][service]")
{
    World world;
    world.nodeIn(State::Manageable);
    model::Runbook book;
    book.name = "CUSTOM_BURN";
    book.steps.text = R"([{"args":{},"interface":"deploy","order":2,"step":"erase_devices_metadata"},)"
                      R"({"args":{"seconds":1},"interface":"deploy","order":1,"step":"burnin_cpu"}])";
    const auto bookOf = [&] {
        return conductor::Resources<model::Runbook>(world.core->context, conductor::runbookRules());
    };
    bookOf().create(book, "tester");
    conductor::VerbOrder wanted;
    wanted.runbook = "CUSTOM_BURN";
    const auto run = [&] { world.core->operations.verb("node-1", StateEvent::Clean, wanted, "tester"); };
    CHECK_THAT(refusal(run), Contains("not approved for node"));
    world.core->nodes.update(
        "node-1", [](model::Node& node) { node.traits.text = R"(["CUSTOM_BURN"])"; }, "tester");
    run();
    world.runUntilIdle(5s);
    CHECK(namesOf(world).at(5) == "burnin_cpu");
    CHECK(namesOf(world).at(6) == "erase_devices_metadata");
}

TEST_CASE("rescue and back", "[conductor][rescue]")
{
    World world;
    world.nodeIn(State::Active);
    CHECK_THAT(refusal([&] { world.verb("node-1", StateEvent::Rescue); }), Contains("rescue_password"));
    conductor::VerbOrder wanted;
    wanted.rescuePassword = "hunter2hunter2";
    world.core->operations.verb("node-1", StateEvent::Rescue, wanted, "tester");
    const std::string request = world.latestOperation("node-1")->request.text;
    CHECK_THAT(request, Contains("sealed") && !Contains("hunter2"));
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::Rescue);
    CHECK(world.node("node-1").power == model::PowerState::On);
    world.verb("node-1", StateEvent::Unrescue);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::Active);
    CHECK(world.node("node-1").power == model::PowerState::On);
}

TEST_CASE("a running machine is adopted", "[conductor][adopt]")
{
    World world;
    world.nodeIn(State::Manageable);
    world.verb("node-1", StateEvent::Adopt);
    world.runUntilIdle(3s);
    CHECK(world.stateOf("node-1") == State::Active);
}

TEST_CASE("an inspection fills inventory and properties and applies the rules", "[conductor][inspect]")
{
    World world;
    world.nodeIn(State::Manageable);
    model::InspectionRule rule;
    rule.conditions.text = R"([{"args":{"values":["{inventory[cpu][count]}",4]},"op":"gt"}])";
    rule.actions.text =
        R"([{"args":{"name":"CUSTOM_BIG"},"op":"add-trait"},)"
        R"({"args":{"path":"/extra/vendor","value":"{inventory[system_vendor][manufacturer]}"},"op":"set-attribute"},)"
        R"({"args":{"path":"driver_info/ipmi_password","value":"hunter2"},"op":"set-attribute"},)"
        R"({"args":{"name":"boot_mode","value":"uefi"},"op":"set-capability"}])";
    conductor::Resources<model::InspectionRule>(world.core->context, conductor::inspectionRuleRules())
        .create(rule, "tester");
    world.verb("node-1", StateEvent::Inspect);
    CHECK(world.stateOf("node-1") == State::Inspecting);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::Manageable);
    const model::Node node = world.node("node-1");
    const json properties = json::parse(node.properties.text);
    CHECK(properties.at("cpus") == 8);
    CHECK(properties.at("local_gb") == 64);
    CHECK(properties.at("capabilities") == "boot_mode:uefi");
    CHECK(json::parse(node.extra.text).at("vendor") == "bm");
    CHECK(node.traits.text == R"(["CUSTOM_BIG"])");
    CHECK_THAT(node.driverInfo.text, !Contains("hunter2"));
    CHECK(node.inspectionFinishedAt.has_value());
    const auto found = world.core->database.read(
        [&](db::Transaction& tx) { return db::InventoryRepository{}.find(tx, node.id); });
    REQUIRE(found);
    CHECK(json::parse(found->inventory.text).at("memory").at("physical_mb") == 16384);
    SECTION("a rule that fails the inspection says why")
    {
        rule.actions.text = R"([{"args":{"msg":"no {inventory[cpu][count]} cores here"},"op":"fail"}])";
        rule.priority = 10;
        conductor::Resources<model::InspectionRule>(world.core->context, conductor::inspectionRuleRules())
            .create(rule, "tester");
        world.verb("node-1", StateEvent::Inspect);
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") == State::InspectFailed);
        CHECK_THAT(world.node("node-1").lastError, Contains("no 8 cores here"));
    }
}

TEST_CASE("deploy templates and deploy steps are ordered by priority", "[conductor][deploy]")
{
    World world;
    world.nodeIn(State::Available);
    model::DeployTemplate made;
    made.name = "CUSTOM_T";
    made.steps.text =
        R"([{"args":{"settings":[]},"interface":"bios","priority":150,"step":"apply_configuration"},)"
        R"({"args":{},"interface":"deploy","priority":10,"step":"burnin_cpu"}])";
    conductor::Resources<model::DeployTemplate>(world.core->context, conductor::deployTemplateRules())
        .create(made, "tester");
    world.core->nodes.update(
        "node-1", [](model::Node& node) { node.instanceInfo.text = R"({"traits":["CUSTOM_T"]})"; }, "tester");
    conductor::VerbOrder wanted;
    wanted.deploy.image = "debian";
    wanted.deploy.stepsJson =
        R"([{"args":{},"interface":"raid","priority":200,"step":"delete_configuration"}])";
    world.core->operations.verb("node-1", StateEvent::Deploy, wanted, "tester");
    const std::vector<std::string> names = namesOf(world);
    const auto at = [&](const char* name) { return std::ranges::find(names, name) - names.begin(); };
    CHECK(at("bios_apply_configuration") == 0);
    CHECK(at("raid_delete_configuration") == at("await_agent") + 1);
    CHECK(at("burnin_cpu") > at("write_image"));
    CHECK(at("burnin_cpu") < at("end_boot"));
    world.runUntilIdle(10s);
    CHECK(world.stateOf("node-1") == State::Active);
}

TEST_CASE("every operator of the table is implemented", "[conductor][inspect]")
{
    const auto complaint = [](const wire::RuleOperator& row, bool condition) -> std::string {
        conductor::InspectionFacts facts{{{"name", "n"}}, json::object()};
        json args = json::object();
        for (const std::string_view name : row.args)
            args[std::string(name)] = nullptr;
        const json part = json::array({{{"op", row.name}, {"args", args}}});
        model::InspectionRule rule;
        rule.conditions.text = condition ? part.dump() : "[]";
        rule.actions.text = condition ? "[]" : part.dump();
        try {
            conductor::applyInspectionRules({rule}, facts);
        } catch (const std::exception& error) { // valid arguments
            return error.what();
        }
        return "";
    };
    for (const wire::RuleOperator& row : wire::ruleConditionOperators())
        CHECK_THAT(complaint(row, true), !Contains("no operator"));
    for (const wire::RuleOperator& row : wire::ruleActionOperators())
        CHECK_THAT(complaint(row, false), !Contains("no action"));
    CHECK_THAT(complaint({"unheard-of", {}}, true), Contains("no operator"));
    CHECK_THAT(complaint({"unheard-of", {}}, false), Contains("no action"));
}

TEST_CASE("inspection rules' operators", "[conductor][inspect]")
{
    const auto holds = [](const std::string& op, const json& args) {
        conductor::InspectionFacts facts{
            {{"name", "n"}, {"extra", json::object()}},
            {{"ip", "10.1.2.3"}, {"list", {1, 2}}, {"empty", ""}, {"vendor", "Dell Inc."}}};
        model::InspectionRule rule;
        rule.conditions.text = json::array({{{"op", op}, {"args", args}}}).dump();
        rule.actions.text = R"([{"op":"set-attribute","args":{"path":"/extra/hit","value":true}}])";
        conductor::applyInspectionRules({rule}, facts);
        return facts.node.at("extra").contains("hit");
    };
    CHECK(holds("in-net", {{"address", "{inventory[ip]}"}, {"subnet", "10.0.0.0/8"}}));
    CHECK_FALSE(holds("in-net", {{"address", "{inventory[ip]}"}, {"subnet", "10.2.0.0/16"}}));
    CHECK(holds("!in-net", {{"address", "{inventory[ip]}"}, {"subnet", "fe80::/10"}}));
    CHECK(holds("contains", {{"value", "{inventory[vendor]}"}, {"regex", "(?i)dell"}}));
    CHECK_FALSE(holds("matches", {{"value", "{inventory[vendor]}"}, {"regex", "Dell"}}));
    CHECK(holds("is-empty", {{"value", "{inventory[empty]}"}}));
    CHECK(holds("is-none", {{"value", "{inventory[nothing][here]}"}}));
    CHECK(holds("eq", {{"values", {"{inventory[list][1]}", 2, "2"}}}));
    CHECK_FALSE(holds("lt", {{"values", {"{inventory[list][1]}", 2}}}));
    CHECK(holds("one-of", {{"value", "{node.name}"}, {"values", {"m", "n"}}}));
    CHECK_THROWS_AS(holds("matches", {{"value", "x"}, {"regex", "("}}), model::Error);
    CHECK_THROWS_AS(holds("in-net", {{"address", "x"}, {"subnet", "10.0.0.0/8"}}), model::Error);
}
