// Bodies of requests with members of wrong types or in wrong places: each refusal names the member.
#include "common/model/error.h"
#include "common/wire/image_json.h"
#include "common/wire/json/json_patch.h"
#include "common/wire/operation_request.h"
#include "common/wire/provision_request.h"
#include "common/wire/resources/inspection_rule_fields.h"
#include "common/wire/resources/port_fields.h"
#include "common/wire/resources/port_group_fields.h"
#include "common/wire/resources/step_list.h"
#include "common/wire/resources/step_list_fields.h"
#include "common/wire/resources/trait_names.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

/// The message of the refusal of @p call; "accepted" when there is none.
template <class Call> std::string refusal(const Call& call)
{
    try {
        call();
    } catch (const model::Error& error) {
        return error.message();
    }
    return "accepted";
}

json everyType()
{
    return json::array({true, -1, 1.5, 1e300, "x", json::array(), json::array({nullptr}), json::object(),
                        json{{"name", -1}}});
}

std::string provision(const std::string& body)
{
    return refusal([&] { wire::provisionFromBody(json::parse(body)); });
}

std::string verb(const std::string& body, int minor = wire::kMaxVersion.minor)
{
    return refusal([&] { wire::verbFromBody(json::parse(body), {minor}); });
}

std::string rule(const std::string& member, const std::string& value)
{
    json body = json::parse(R"({"actions": [{"op": "fail", "args": {"msg": "x"}}]})");
    body[member] = json::parse(value);
    return refusal([&] { wire::inspectionRuleShape().fromCreate(body, wire::kMaxVersion); });
}

std::string steps(const std::string& value, wire::StepOrder order = wire::StepOrder::Priority)
{
    return refusal([&] { wire::asSteps(json::parse(value), "steps", order); });
}

} // namespace

TEST_CASE("a refused provision request", "[wire][provision][hostile]")
{
    for (const char* body : {"[]", "5", "null", "\"image\""})
        CHECK_THAT(provision(body), Contains("the body: ") && Contains("is not of type 'object'"));
    CHECK_THAT(provision(R"({"layout": 5})"), Contains("layout: expected an object or a name, got a number"));
    CHECK_THAT(provision(R"({"preserve": "/srv"})"), Contains("preserve: a string is not of type 'array'"));
    CHECK_THAT(provision(R"({"kexec": "perhaps"})"), Contains("Invalid kexec: Unrecognized value 'perhaps'"));
    CHECK_THAT(provision(R"({"full": []})"), Contains("full: a list is not of type 'boolean'"));
    CHECK_THAT(provision(R"({"kernel_arguments": 5})"),
               Contains("kernel_arguments: a number is not of type 'string'"));
    CHECK_THAT(provision(R"({"config_drive": 5})"),
               Contains("config_drive: a number is not of type 'string'"));
    CHECK_THAT(provision(R"({"config_drive": ""})"), Contains("config_drive: not base64"));
    CHECK_THAT(provision(R"({"meta_data": "[]"})"), Contains("meta_data: a list is not of type 'object'"));
    CHECK_THAT(provision(R"({"meta_data": "{"})"), Contains("meta_data: the text is not JSON"));
    CHECK_THAT(provision(json{{"vendor_data", std::string(100, '[')}}.dump()),
               Contains("vendor_data: the text"));
    for (const char* value : {"[]", "5", "true", "[\"#cloud-config\"]"}) {
        const std::string text = value;
        CHECK_THAT(provision(R"({"user_data": )" + text + "}"),
                   Contains("user_data: ") && Contains("is not of type 'string'"));
        CHECK_THAT(provision(R"({"user_data_base64": )" + text + "}"),
                   Contains("user_data_base64: ") && Contains("is not of type 'string'"));
        CHECK_THAT(verb(R"({"target": "active", "configdrive": {"user_data": )" + text + "}}"),
                   Contains("configdrive.user_data: ") && Contains("is not of type 'string'"));
    }
    for (const char* bad : {"%%%", "H4sI=", "H4s", "H4sI\u00e4", "=", "_-_-"}) {
        const std::string text = bad;
        CHECK_THAT(provision(R"({"user_data_base64": ")" + text + "\"}"),
                   Contains("user_data_base64: not base64"));
        CHECK_THAT(provision(R"({"config_drive": ")" + text + "\"}"), Contains("config_drive: not base64"));
        CHECK_THAT(verb(R"({"target": "active", "configdrive": {"user_data_base64": ")" + text + "\"}}"),
                   Contains("configdrive.user_data_base64: not base64"));
    }
    CHECK_THAT(provision(R"({"user_data": "a", "user_data_base64": "YQ=="})"), Contains("both given"));
    for (const char* keys : {"5", "true", "[5]", R"({"a": 5})", R"({"a": [null]})", "[[]]"})
        CHECK_THAT(provision(R"({"meta_data": {"public_keys": )" + std::string(keys) + "}}"),
                   Contains("meta_data.public_keys"));
    CHECK_THAT(provision(R"({"more_disks": [5]})"),
               Contains("more_disks[0]: a number is not of type 'object'"));
}

TEST_CASE("a provision request takes JSON as text, layouts by name and RAM disk arguments",
          "[wire][provision]")
{
    const wire::ProvisionRequest wanted = wire::provisionFromBody(json::parse(
        R"({"meta_data": "{\"a\": 1}", "vendor_data": {}, "layout": "xfs", "preserve": ["/srv"],
            "kernel_arguments": "quiet", "kexec": "yes", "full": 1})"));
    CHECK(wanted.parts->metaDataJson == R"({"a":1})");
    CHECK(wanted.parts->userData.empty());
    CHECK(wanted.options.layout->text == "\"xfs\"");
    CHECK(wanted.options.preserve == std::vector<std::string>{"/srv"});
    CHECK(wanted.options.kernelArguments == "quiet");
    CHECK(wanted.options.kexec == true);
    CHECK(wanted.options.full);
}

TEST_CASE("no type of a member breaks a request", "[wire][provision][hostile]")
{
    const json own = json::parse(R"({"image": "i", "root_device": {}, "more_disks": [], "kexec": true,
        "layout": {}, "preserve": [], "kernel_arguments": "", "host_name": "h", "ssh_keys": [], "user_data": null, "user_data_base64": "",
        "meta_data": {}, "network_data": {}, "vendor_data": {}, "config_drive": true,
        "grow_last_partition": true, "full": true})");
    const json ironic = json::parse(R"({"target": "active", "configdrive": {}, "deploy_steps": []})");
    const auto check = [](const json& body, const auto& read) {
        CHECK_NOTHROW(read(body));
        for (const auto& [key, value] : body.items())
            for (const json& other : everyType()) {
                json hostile = body;
                hostile[key] = other;
                INFO(hostile.dump());
                const std::string message = refusal([&] { read(hostile); });
                CHECK((message == "accepted" || message.find(key) != std::string::npos));
            }
    };
    check(own, wire::provisionFromBody);
    check(ironic, [](const json& body) { return wire::verbFromBody(body, wire::kMaxVersion); });
    check(json{{"target", "power on"}, {"timeout", 5}},
          [](const json& body) { return wire::powerFromBody(body, wire::kMaxVersion); });
}

TEST_CASE("a refused verb of Ironic's", "[wire][provision][hostile]")
{
    CHECK(verb("[]") == "Missing mandatory parameter: target");
    CHECK_THAT(verb(R"({"target": 5})"), Contains("target: a number is not of type 'string'"));
    CHECK_THAT(verb(R"({"target": "active", "configdrive": 5})"),
               Contains("configdrive: a number is not of type 'object', 'string'"));
    CHECK_THAT(verb(R"({"target": "rebuild", "configdrive": "H4sI"})", 34),
               Contains("configdrive: not with"));
    CHECK_THAT(verb(R"({"target": "active", "configdrive": {"iso": 1}})"),
               Contains("Additional properties are not allowed ('iso' was unexpected)"));
    CHECK_THAT(verb(R"({"target": "active", "runbook": "r"})"), Contains("runbook: only with the targets"));
    CHECK_THAT(verb(R"({"target": "active", "disable_ramdisk": true})"),
               Contains("disable_ramdisk: only with the targets"));
    CHECK_THAT(verb(R"({"target": "service", "disable_ramdisk": true})", 107),
               Contains("disable_ramdisk: only with the targets"));
    CHECK(verb(R"({"target": "service", "disable_ramdisk": true})", 108) == "accepted");
    CHECK(verb(R"({"target": "clean", "runbook": "r"})") == "accepted");
    for (const char* member :
         {"clean_steps", "rescue_password", "deploy_steps", "disable_ramdisk", "runbook"}) {
        const int minor = std::string(member) == "clean_steps" ? 14 : 37;
        CHECK(verb(json{{"target", "active"}, {member, "x"}}.dump(), minor) == "Request not acceptable.");
    }
    CHECK_THAT(refusal([] { wire::powerFromBody(json::array(), {27}); }),
               Contains("Missing mandatory parameter: target"));
    CHECK_THAT(refusal([] { wire::powerFromBody(json::object(), {27}); }),
               Contains("Missing mandatory parameter: target"));
}

TEST_CASE("a refused list of steps", "[wire][steps][hostile]")
{
    CHECK(steps("{}") == "steps: an object is not of type 'array'");
    CHECK(steps("[]") == "steps: [] is too short");
    CHECK(steps("[]", wire::StepOrder::Given) == "accepted");
    CHECK(steps("[5]") == "steps[0]: a number is not of type 'object'");
    CHECK(steps(R"([{"interface": "deploy"}])") == "steps[0]: 'step' is a required property");
    CHECK_THAT(steps(R"([{"step": ""}])"), Contains("steps[0].step: '' is too short"));
    CHECK_THAT(steps(R"([{"step": "a", "interface": "deploy", "colour": 1}])"),
               Contains("Additional properties are not allowed ('colour' was unexpected)"));
    CHECK_THAT(steps(R"([{"step": "a", "interface": "deploy", "args": [], "priority": 1}])"),
               Contains("steps[0].args: a list is not of type 'object'"));
    for (const char* number : {"-1", "1.5", "\"x\"", "\"\"", "true", "1000001", "{}"})
        CHECK_THAT(steps(fmt::format(R"([{{"step": "a", "interface": "deploy", "priority": {}}}])", number)),
                   Contains("steps[0].priority"));
    CHECK(steps(R"([{"step": "a", "interface": "deploy", "priority": "7"}])") == "accepted"); // as Ironic's
    CHECK_THAT(
        steps(
            R"([{"step": "a", "interface": "bios", "priority": 1}, {"step": "a", "interface": "bios", "priority": 2}])"),
        Contains("Duplicate deploy steps: bios.a"));
    json many = json::array();
    for (int i = 0; i < 1001; ++i)
        many.push_back({{"step", "hold"}});
    CHECK(steps(many.dump(), wire::StepOrder::Given) == "steps: at most 1000 steps");
}

TEST_CASE("a refused image", "[wire][image][hostile]")
{
    const auto add = [](const std::string& more) {
        json body = json::parse(R"({"name": "a", "url": "https://127.0.0.1/x"})");
        body.update(json::parse(more));
        return refusal([&] { wire::imageFromBody(body); });
    };
    const auto change = [](const std::string& body) {
        return refusal([&] { wire::imageChangeFromBody(json::parse(body)); });
    };
    CHECK(add("{}") == "accepted");
    CHECK_THAT(refusal([] { wire::imageFromBody(json::array()); }), Contains("expected an object"));
    CHECK(add(R"({"url": ""})") == "url: is needed");
    CHECK_THAT(add(R"({"kind": "floppy"})"), Contains("kind: unknown value"));
    CHECK_THAT(add(R"({"labels": ["a"]})"), Contains("labels: expected an object, got a list"));
    CHECK_THAT(add(R"({"labels": {"a b": "c"}})"), Contains("labels: \"a b\" is no"));
    CHECK_THAT(add(R"({"labels": {"os": 5}})"), Contains("labels.os: a number is not of type 'string'"));
    CHECK_THAT(add(json{{"labels", {{"os", std::string(257, 'x')}}}}.dump()),
               Contains("longer than 256 bytes"));
    json labels;
    for (std::size_t i = 0; i <= wire::kMostLabels; ++i)
        labels["l" + std::to_string(i)] = "x";
    CHECK_THAT(add(json{{"labels", labels}}.dump()), Contains("labels: more than 64"));
    CHECK_THAT(add(R"({"kernel_arguments": 5})"),
               Contains("kernel_arguments: a number is not of type 'string'"));
    CHECK_THAT(change("5"), Contains("expected an object"));
    CHECK_THAT(change(R"({"name": "b"})"), Contains("('name' was unexpected)"));
    CHECK_THAT(change(R"({"boot_mode": "csm"})"), Contains("boot_mode: unknown value"));
    CHECK_THAT(change(R"({"architecture": 5})"), Contains("architecture: a number is not of type 'string'"));
    CHECK_THAT(refusal([] { wire::labelFromText("os"); }), Contains("has no value"));
    CHECK(wire::labelFromText("os=a=b").second == "a=b");
}

TEST_CASE("a change of an image clears with \"any\" and removes labels with null", "[wire][image]")
{
    const wire::ImageChange change = wire::imageChangeFromBody(json::parse(
        R"({"architecture": "any", "boot_mode": "any", "kernel_arguments": "quiet", "labels": {"os": null, "v": "2"}})"));
    CHECK(change.architecture == "");
    CHECK(change.bootMode == "");
    CHECK(change.kernelArguments == "quiet");
    CHECK(wire::changedLabels({R"({"os":"debian","v":"1"})"}, change.labels).text == R"({"v":"2"})");
}

TEST_CASE("a refused inspection rule", "[wire][inspection][hostile]")
{
    CHECK(
        rule(
            "conditions",
            R"([{"op": "! is-true", "args": ["{inventory[cpu][count]}"], "loop": [1], "multiple": "any"}])") ==
        "accepted");
    CHECK_THAT(rule("conditions", "{}"), Contains("conditions: an object is not of type 'array'"));
    CHECK_THAT(rule("conditions", "[5]"), Contains("conditions[0]: a number is not of type 'object'"));
    CHECK_THAT(rule("conditions", R"([{"op": "rm"}])"), Contains("\"rm\" is not an operator"));
    CHECK_THAT(rule("conditions", R"([{"op": "fail", "args": ["x"]}])"),
               Contains("\"fail\" is not an operator"));
    CHECK_THAT(rule("conditions", R"([{"op": "is-true", "args": "x"}])"),
               Contains(".args: a string is not of type 'object', 'array'"));
    CHECK_THAT(rule("conditions", R"([{"op": "is-true", "args": ["a", "b"]}])"), Contains(".args: too many"));
    CHECK_THAT(rule("conditions", R"([{"op": "is-true", "args": {}}])"),
               Contains("'value' is a required argument"));
    CHECK_THAT(rule("conditions", R"([{"op": "is-true", "args": {"value": 1, "b": 2}}])"),
               Contains("takes no argument 'b'"));
    CHECK_THAT(rule("conditions", R"([{"op": "is-true", "args": [1], "multiple": "some"}])"),
               Contains(".multiple: expected any"));
    CHECK_THAT(rule("actions", R"([{"op": "! fail", "args": ["x"]}])"), Contains("is not an operator"));
    CHECK_THAT(rule("actions", R"([{"op": "fail", "args": ["x"], "multiple": "any"}])"),
               Contains(".multiple"));
    CHECK_THAT(rule("actions", "[]"), Contains("a rule has at least one action"));
    CHECK_THAT(rule("phase", "\"early\""), Contains("phase: the only phase is \"main\""));
    CHECK(rule("phase", "null") == "accepted");
    CHECK_THAT(rule("priority", "10000"), Contains("priority"));
}

TEST_CASE("a JSON patch of a list", "[wire][patch]")
{
    const json document = json::parse(R"({"extra": {"list": [1, 2, 3]}, "name": "n", "empty": null})");
    const auto apply = [&](const std::string& op, const std::string& path, const json& value = 9) {
        json step{{"op", op}, {"path", path}};
        if (op != "remove")
            step["value"] = value;
        return wire::JsonPatch::parse(json::array({step})).applied(document);
    };
    const auto refused = [&](const std::string& op, const std::string& path) {
        return refusal([&] { apply(op, path); });
    };
    CHECK(apply("add", "/extra/list/-").at("extra").at("list") == json({1, 2, 3, 9}));
    CHECK(apply("add", "/extra/list/0").at("extra").at("list") == json({9, 1, 2, 3}));
    CHECK(apply("replace", "/extra/list/1").at("extra").at("list") == json({1, 9, 3}));
    CHECK(apply("remove", "/extra/list/2").at("extra").at("list") == json({1, 2}));
    CHECK(apply("add", "/empty/key").at("empty") == json{{"key", 9}});
    for (const char* index : {"3", "-1", "x", "01x", "99999999999999999999"})
        CHECK_THAT(refused("replace", std::string("/extra/list/") + index),
                   Contains("is not an index of the list"));
    CHECK_THAT(refused("add", "/extra/list/4"), Contains("is not an index of the list"));
    CHECK_THAT(refused("add", "/colour"), Contains("to the root of the resource is not allowed"));
    CHECK_THAT(refused("replace", "/extra/none"), Contains("can't replace a non-existent object 'none'"));
    CHECK_THAT(refused("remove", "/extra/none"), Contains("can't remove a non-existent object 'none'"));
    CHECK_THAT(refused("add", "/name/first"), Contains("lies within"));
    CHECK_THAT(refused("add", "/extra/none/deep"), Contains("member 'none' not found"));
    CHECK_THAT(refused("move", "/name"), Contains("'move' is not one of ['add', 'replace', 'remove']"));
    CHECK_THAT(refusal([] { wire::JsonPatch::parse(json::parse(R"([{"op": "add", "path": "/a"}])")); }),
               Contains("does not contain a 'value' member"));
}

TEST_CASE("refused ports, port groups, templates, runbooks and traits", "[wire][hostile]")
{
    const std::string node = "0516e8fa-ea38-4a5c-8950-5ebe9679096b";
    const auto port = [&](const json& more) {
        json body{{"address", "52:54:00:00:00:01"}, {"node_uuid", node}};
        body.update(more);
        return refusal([&] { wire::portShape().fromCreate(body, wire::kMaxVersion); });
    };
    const auto group = [&](const json& more) {
        json body{{"node_uuid", node}};
        body.update(more);
        return refusal([&] { wire::portGroupShape().fromCreate(body, wire::kMaxVersion); });
    };
    const json one = json::parse(R"([{"interface": "deploy", "step": "a", "priority": 1}])");
    const json first = json::parse(R"([{"interface": "deploy", "step": "a", "order": 1}])");
    const auto deployTemplate = [&](const json& name) {
        return refusal([&] {
            wire::deployTemplateShape().fromCreate({{"name", name}, {"steps", one}}, wire::kMaxVersion);
        });
    };
    const auto runbook = [&](const json& more) {
        json body{{"name", "r"}, {"steps", first}};
        body.update(more);
        return refusal([&] { wire::runbookShape().fromCreate(body, wire::kMaxVersion); });
    };
    CHECK(port({{"uuid", "x"}}) == "Expected UUID for uuid: x");
    CHECK(group({{"uuid", "x"}}) == "Expected UUID for uuid: x");
    CHECK(group({{"address", "x"}}) == "Expected valid MAC address for address: x");
    CHECK(group({{"address", nullptr}, {"mode", nullptr}}) == "accepted");
    CHECK_THAT(group({{"mode", 5}}), Contains("mode: a number is not of type 'string'"));
    CHECK_THAT(deployTemplate("lower"), Contains("name: 'lower' does not match '^CUSTOM_[A-Z0-9_]+$'"));
    CHECK_THAT(deployTemplate("lower"),
               Contains("name: 'lower' is not valid under any of the given schemas"));
    CHECK(deployTemplate("CUSTOM_A") == "accepted");
    CHECK(port({{"node_uuid", ""}}) == "Expected UUID or name for node_uuid: ");
    CHECK(group({{"node_uuid", "a b"}}) == "Expected UUID or name for node_uuid: a b");
    CHECK(port({{"portgroup_uuid", "a b"}}) == "Expected UUID or name for portgroup_uuid: a b");
    CHECK(port({{"portgroup_uuid", nullptr}}) == "accepted");
    CHECK_THAT(
        port({{"local_link_connection", {{"a", 1}}}}),
        Contains("local_link_connection: an object is not valid under any of the given schemas. Possible "
                 "root cause: local_link_connection: Additional properties are not allowed ('a'"));
    CHECK_THAT(runbook({{"name", node}}), Contains("is not a name"));
    CHECK_THAT(runbook({{"name", std::string(256, 'x')}}), Contains("is too long: 256 characters"));
    CHECK_THAT(runbook({{"traits", {"lower"}}}), Contains("traits: 'lower' does not match"));
    CHECK_THAT(runbook({{"traits", "CUSTOM_A"}}), Contains("traits: a string is not of type 'array'"));
    CHECK(runbook({{"traits", {"CUSTOM_A"}}}) == "accepted");
    std::vector<std::string> many;
    for (int i = 0; i < 51; ++i)
        many.push_back("CUSTOM_" + std::to_string(i));
    CHECK(refusal([&] { wire::traitsText(many); }) == "traits: at most 50");
    CHECK_THAT(refusal([] { wire::portShape().selection("uuid,colour", wire::kMaxVersion); }),
               Contains("colour"));
}

TEST_CASE("an order of another kind is an internal error", "[wire][operations]")
{
    const wire::OperationRequest stored = wire::PlainOrder{};
    CHECK_THAT(refusal([&] { wire::orderOf<wire::DeployOrder>(stored); }), Contains("of another kind"));
    CHECK(wire::orderIn<wire::DeployOrder>(stored) == nullptr);
    CHECK(wire::imageIdOf(stored).empty());
}
