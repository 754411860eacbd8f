#include "common/model/error.h"
#include "common/wire/event_json.h"
#include "common/wire/image_json.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/meta_data.h"
#include "common/wire/operation_json.h"
#include "common/wire/provision_request.h"
#include "common/wire/resources/versions.h"
#include "tests/support/ssh_key.h"
#include "tests/wire/samples.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const std::string kKey = tests::sshKey();

std::string described(const std::string& sample)
{
    std::string words = json::parse(test::sample(sample).at("error_message").get<std::string>())
                            .at("description")
                            .get<std::string>();
    const std::size_t highest = words.find("1.82]"); // Ironic 21.4's
    return highest == std::string::npos ? words : words.replace(highest, 4, wire::toText(wire::kMaxVersion));
}

} // namespace

TEST_CASE("the version of a client's header", "[wire][version]")
{
    CHECK(wire::versionFromHeader({}).minor == 1);
    CHECK(wire::versionFromHeader("latest") == wire::kMaxVersion);
    CHECK(wire::versionFromHeader("1.38").minor == 38);
    SECTION("others are refused in Ironic's words")
    {
        CHECK_THROWS_WITH(wire::versionFromHeader("1.999"), described("error_406_version_too_new.json"));
        CHECK_THROWS_WITH(wire::versionFromHeader("2.0"), described("error_406_version_major.json"));
        CHECK_THROWS_WITH(wire::versionFromHeader("nonsense"), described("error_406_version_text.json"));
        CHECK_THROWS_AS(wire::versionFromHeader("1.0"), wire::RoutingError);
        CHECK_THROWS_AS(wire::versionFromHeader("1.-5"), wire::RoutingError);
        CHECK_THROWS_AS(wire::versionFromHeader("1.99999999999"), wire::RoutingError);
    }
}

TEST_CASE("JSON of requests", "[wire][json]")
{
    SECTION("is refused with line and column")
    {
        CHECK_THROWS_WITH(wire::parseJson("{\n  \"a\": 1,\n  oops\n}"), Contains("line 3, column 3"));
        CHECK_THROWS_WITH(wire::parseJson(""), Contains("not JSON"));
        CHECK_THROWS_WITH(wire::parseJson("name=x&driver=ipmi"), Contains("line 1"));
        CHECK_THROWS_WITH(wire::parseJson("{\"a\": \"\xff\"}"), Contains("not JSON"));
    }
    SECTION("may have no number that overflows")
    {
        CHECK_NOTHROW(wire::parseJson("[1e308]"));
        CHECK_THROWS_WITH(wire::parseJson(R"({"a": 1e999})"), Contains("a number is too large"));
        CHECK_THROWS_AS(wire::parseJson("-1e999"), model::Error);
    }
    SECTION("may be nested 25 levels, not 26")
    {
        CHECK_NOTHROW(wire::parseJson(std::string(25, '[') + std::string(25, ']')));
        CHECK_THROWS_WITH(wire::parseJson(std::string(26, '[') + std::string(26, ']')),
                          Contains("nested deeper than 25 levels at line 1, column 26"));
        CHECK_THROWS_WITH(wire::parseJson(std::string(1'000'000, '[')), Contains("nested deeper"));
        CHECK_NOTHROW(wire::parseJson(R"({"a": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[["})"));
    }
}

TEST_CASE("JSON of answers", "[wire][json]")
{
    wire::JsonWriter out;
    out.beginObject()
        .key("a\"b")
        .string("tab\t, line\n, nul\x01, \xC3\xA4, bad \xFF\xC3")
        .key("list")
        .beginArray()
        .number(std::int64_t{-1})
        .boolean(true)
        .null()
        .decimal(2.25)
        .endArray()
        .key("o")
        .beginObject()
        .endObject()
        .key("t")
        .time(model::fromMillis(1'795'210'257'007))
        .endObject();
    const json value = json::parse(out.text());
    CHECK(value.at("a\"b") == "tab\t, line\n, nul\x01, \xC3\xA4, bad \xEF\xBF\xBD\xEF\xBF\xBD");
    CHECK(value.at("list") == json::parse("[-1, true, null, 2.2]"));
    CHECK(value.at("t") == "2026-11-20T21:30:57.007000+00:00");
}

TEST_CASE("a provision request of bm's own", "[wire][provision]")
{
    SECTION("carries everything")
    {
        const wire::ProvisionRequest wanted = wire::provisionFromBody(json::parse(
            R"({"image": "debian-12", "root_device": {"serial": "X"}, "more_disks": [{"serial": "Y"}],
            "grow_last_partition": false, "host_name": "web-1", "ssh_keys": [")" +
            kKey + R"("], "user_data": "#cloud-config",
            "meta_data": {"a": 1}, "network_data": {"links": []}, "kexec": false})"));
        CHECK(wanted.image == "debian-12");
        CHECK(wanted.options.rootDevice->text == R"({"serial":"X"})");
        CHECK_FALSE(wanted.options.growLastPartition);
        CHECK(wanted.options.moreDisks == std::vector{model::JsonText{R"({"serial":"Y"})"}});
        CHECK(wanted.options.kexec == false);
        CHECK(wanted.sshKeys == std::vector<std::string>{kKey});
        REQUIRE(wanted.parts);
        CHECK(wanted.parts->userData == "#cloud-config");
        CHECK(wanted.parts->metaDataJson == R"({"a":1})");
        CHECK(wanted.parts->networkDataJson == R"({"links":[]})");
    }
    SECTION("takes a whole drive, or none")
    {
        CHECK(wire::provisionFromBody(json::parse(R"({"image": "i", "config_drive": "H4sIAAA="})"))
                  .configDriveBase64 == "H4sIAAA=");
        CHECK_FALSE(
            wire::provisionFromBody(json::parse(R"({"image": "i", "config_drive": false})")).configDrive);
        CHECK_FALSE(wire::provisionFromBody(json::parse(R"({"image": "i"})")).parts);
        CHECK_FALSE(wire::provisionFromBody(json::parse(R"({"image": "i"})")).options.kexec);
    }
    SECTION("is refused with the name of the wrong member")
    {
        const auto parse = [](const std::string& text) { return wire::provisionFromBody(json::parse(text)); };
        CHECK_THROWS_WITH(parse(R"({"imgae": "x"})"), Contains("('imgae' was unexpected)"));
        CHECK_THROWS_WITH(parse(R"({"root_device": {"serail": "x"}})"), Contains("unknown hint \"serail\""));
        CHECK_THROWS_WITH(parse(R"({"root_device": {"size": "big"}})"), Contains("root_device.size"));
        for (const char* drive : {R"("H4sIAAA=")", "false"})
            for (const char* part : {R"("host_name": "h")", R"("ssh_keys": ["ssh-ed25519 AAAA"])",
                                     R"("user_data": "x")", R"("meta_data": {"a": 1})"})
                CHECK_THROWS_WITH(parse(fmt::format(R"({{"config_drive": {}, {}}})", drive, part)),
                                  Contains("not together with config_drive"));
        CHECK_NOTHROW(parse(R"({"config_drive": false, "ssh_keys": [], "user_data": null})"));
        for (const char* name : {"a b", "-x", "web..x", "192.0.2.1", "a\\nb", "\u00fc"}) {
            CHECK_THROWS_WITH(parse(fmt::format(R"({{"host_name": "{}"}})", name)),
                              Contains("host_name:") && Contains("is not a host name"));
            CHECK_THROWS_WITH(parse(fmt::format(R"({{"meta_data": {{"local-hostname": "{}"}}}})", name)),
                              Contains("is not a host name"));
        }
        CHECK_THROWS_WITH(parse(R"({"meta_data": {"hostname": 5}})"), Contains("meta_data.hostname"));
        CHECK_NOTHROW(parse(R"({"host_name": "Rack_1-web.example", "meta_data": {"hostname": ""}})"));
        for (const std::string key : {"ssh-ed25519 AAAA", "mine"})
            for (const std::string body :
                 {R"({"ssh_keys": ["@"]})", R"({"meta_data": {"public_keys": ["@"]}})",
                  R"({"meta_data": {"public_keys": {"key0": "@"}}})"})
                CHECK_THROWS_WITH(parse(std::string(body).replace(body.find('@'), 1, key)),
                                  Contains("is no public ssh key") && Contains(key));
        CHECK_NOTHROW(parse(R"({"meta_data": {"public_keys": [")" + kKey + R"("]}})"));
        CHECK_THROWS_WITH(parse(R"({"image": 5})"), "image: a number is not of type 'string'");
        CHECK_THROWS_WITH(parse(R"({"ssh_keys": ["a", 5]})"),
                          "ssh_keys[1]: a number is not of type 'string'");
        CHECK_THROWS_WITH(parse(R"({"root_device": "sda"})"),
                          "root_device: a string is not of type 'object', 'null'");
        CHECK_THROWS_WITH(parse(R"({"more_disks": {"serial": "Y"}})"), Contains("expected a list"));
        CHECK_THROWS_WITH(parse(R"({"more_disks": [{}]})"), Contains("more_disks[0]: no hint"));
        CHECK_THROWS_WITH(parse(R"({"more_disks": [{"colour": "red"}]})"), Contains("colour"));
        CHECK_THROWS_WITH(parse(R"({"config_drive": "http://example/x"})"),
                          Contains("config_drive: not base64"));
    }
}

TEST_CASE("user data are any bytes", "[wire][provision]")
{
    const auto dataOf = [](const json& body) { return wire::provisionFromBody(body).parts->userData; };
    CHECK(dataOf({{"user_data_base64", "H4sIAAAAAAAAAwD/gA=="}}) ==
          std::string("\x1f\x8b\x08\0\0\0\0\0\0\x03\0\xff\x80", 13));
    CHECK(dataOf({{"user_data_base64", "H4sI\r\nAAAA\n"}}).size() == 6);
    CHECK(dataOf({{"user_data", nullptr}, {"user_data_base64", "YQ=="}}) == "a");
    CHECK(dataOf({{"user_data", "a"}, {"user_data_base64", nullptr}}) == "a");
    CHECK_FALSE(wire::provisionFromBody({{"user_data_base64", nullptr}}).parts);
    const json verb = {{"target", "active"}, {"configdrive", {{"user_data_base64", "/+8="}}}};
    CHECK(wire::verbFromBody(verb, {82}).deploy.parts->userData == "\xff\xef");
}

TEST_CASE("public keys of meta data become one entry for each", "[wire][provision]")
{
    const auto keysOf = [](const std::string& keys) {
        const json verb = {{"target", "active"},
                           {"configdrive", {{"meta_data", {{"public_keys", json::parse(keys)}}}}}};
        const wire::VerbRequest wanted = wire::verbFromBody(verb, {82}); // takes any text, as Ironic does
        return json::parse(wanted.deploy.parts->metaDataJson).at("public_keys").dump();
    };
    CHECK(keysOf(R"(["ssh-rsa A", "ssh-rsa B\n# me\n\nssh-rsa C\n"])") ==
          R"({"key0":"ssh-rsa A","key1":"ssh-rsa B","key1-1":"ssh-rsa C"})");
    CHECK(keysOf(R"({"laptop": "ssh-rsa A\r\n", "old": ["ssh-rsa B", "ssh-rsa C", "ssh-rsa A"]})") ==
          R"({"laptop":"ssh-rsa A","old":"ssh-rsa B","old-1":"ssh-rsa C"})");
    CHECK(keysOf("\"ssh-rsa A\"") == R"({"key0":"ssh-rsa A"})");
    CHECK(keysOf("[]") == "{}");
    const json both = {{"meta_data", {{"public_keys", {kKey}}, {"public-keys", {{"me", kKey}}}}}};
    CHECK(json::parse(wire::provisionFromBody(both).parts->metaDataJson).at("public_keys") ==
          json{{"key0", kKey}});
    CHECK_THROWS_WITH(wire::provisionFromBody({{"meta_data", {{"public-keys", {"garbage"}}}}}),
                      Contains("is no public ssh key"));
    CHECK_THROWS_WITH(wire::provisionFromBody({{"ssh_keys", {""}}}),
                      Contains("ssh_keys[0] has no public ssh key"));

    json meta = json::parse(R"({"public_keys": {"key0": "ssh-rsa A"}})");
    wire::addPublicKeys(meta, std::vector<std::string>{"ssh-rsa B\nssh-rsa C", "ssh-rsa A"});
    CHECK(meta.at("public_keys") ==
          json::parse(R"({"key0": "ssh-rsa A", "key0-1": "ssh-rsa B", "key0-2": "ssh-rsa C"})"));
    json none = json::object();
    wire::addPublicKeys(none, {});
    CHECK(none.empty());
}

TEST_CASE("the client's host name wins under either key", "[wire][provision]")
{
    const auto named = [](const char* given) {
        json meta = json::parse(given);
        wire::completeHostName(meta, "rack1-07");
        return meta.at("hostname").get<std::string>() + " " + meta.at("local-hostname").get<std::string>();
    };
    CHECK(named("{}") == "rack1-07 rack1-07");
    CHECK(named(R"({"local-hostname": "web"})") == "web web");
    CHECK(named(R"({"local_hostname": "web"})") == "web web");
    CHECK(named(R"({"hostname": "web"})") == "web web");
    CHECK(named(R"({"hostname": "", "local-hostname": null})") == "rack1-07 rack1-07");
    CHECK(named(R"({"hostname": "web", "local-hostname": "db"})") == "web db");
}

TEST_CASE("each kind of image takes its own options of a deployment", "[wire][provision]")
{
    const json body = json::parse(R"({"root_device": {"serial": "X"}, "more_disks": [{"serial": "Y"}],
        "grow_last_partition": false, "full": true, "kexec": true, "layout": {"b": 1, "a": 2},
        "preserve": ["/srv"], "kernel_arguments": "quiet"})");
    const std::pair<model::ImageKind, const char*> kept[] = {
        {model::ImageKind::Disk,
         R"({"full":true,"grow_last_partition":false,"kexec":true,"more_disks":[{"serial":"Y"}],"root_device":{"serial":"X"}})"},
        {model::ImageKind::Tree,
         R"({"full":true,"grow_last_partition":false,"kexec":true,"layout":{"a":2,"b":1},"preserve":["/srv"],"root_device":{"serial":"X"}})"},
        {model::ImageKind::Ramdisk,
         R"({"full":false,"grow_last_partition":false,"kernel_arguments":"quiet"})"},
    };
    for (const auto& [kind, members] : kept) {
        INFO(model::toText(kind));
        const wire::DeployOptions options = wire::optionsFor(kind, wire::deployOptionsFromBody(body));
        CHECK(wire::toJson(options).text == members);
        CHECK_FALSE(wire::refusedOption(options, kind));
        for (const auto& [key, value] : body.items()) {
            INFO(key);
            const bool taken = json::parse(members).value(key, json()) == value;
            CHECK(taken ==
                  !wire::refusedOption(wire::deployOptionsFromBody(json{{key, value}}), kind).has_value());
        }
    }
    const auto refused = [](const char* text) {
        return wire::refusedOption(wire::deployOptionsFromBody(json::parse(text)), model::ImageKind::Ramdisk);
    };
    CHECK(refused(R"({"preserve": []})")->name == "layout and preserve");
    CHECK(refused(R"({"root_device": {}})")->name == "root_device");
    CHECK_FALSE(refused(R"({"kexec": false, "full": false, "more_disks": [], "layout": null})"));
}

TEST_CASE("a verb of Ironic's", "[wire][provision]")
{
    const auto parse = [](const std::string& text, int minor = 82) {
        return wire::verbFromBody(json::parse(text), {minor});
    };
    CHECK(parse(R"({"target": "active", "configdrive": "H4sIAAA="})").deploy.configDriveBase64 == "H4sIAAA=");
    CHECK(parse(R"({"target": "active", "configdrive": {"user_data": {"a": 1}, "meta_data": {}}})")
              .deploy.parts->userData == R"({"a":1})");
    CHECK(parse(R"({"target": "clean", "clean_steps": [{"interface": "deploy", "step": "erase_devices"}]})")
              .stepsJson == R"([{"args":{},"interface":"deploy","step":"erase_devices"}])");
    CHECK_THROWS_WITH(parse("{}"), "Missing mandatory parameter: target");
    CHECK_THROWS_WITH(parse(R"({"target": "manage", "configdrive": "H4sI"})"),
                      Contains("configdrive: not with the target \"manage\""));
    CHECK_THROWS_WITH(parse(R"({"target": "active", "configdrive": {}})", 55), Contains("1.56"));
    CHECK_THROWS_WITH(parse(R"({"target": "manage", "clean_steps": []})"),
                      Contains("only valid when setting target provision state to clean"));
    CHECK(parse(R"({"target": "rescue", "rescue_password": "x"})").rescuePassword == "x");
    CHECK_THROWS_WITH(parse(R"({"target": "manage", "rescue_password": "x"})"), Contains("rescue_password"));
    CHECK(parse(R"({"target": "clean", "clean_steps": [{"step": "hold"}], "disable_ramdisk": true})")
              .disableRamdisk);
    CHECK_THROWS_WITH(parse(R"({"target": "clean", "clean_steps": [{"step": "erase_devices"}]})"),
                      "clean_steps[0]: 'interface' is a required property");
    CHECK_THROWS_WITH(parse(R"({"target": "clean", "clean_steps": [{"interface": "boot", "step": "x"}]})"),
                      Contains("clean_steps[0].interface: 'boot' is not one of ['bios', 'deploy'"));
    CHECK_THROWS_WITH(parse(R"({"target": "active", "deploy_steps": [{"interface": "bios", "step": "x"}]})"),
                      Contains("'priority' is a required property"));
    CHECK_THROWS_WITH(parse(R"({"target": "service", "service_steps": []})", 86), "Request not acceptable.");
    CHECK_THROWS_WITH(parse(R"({"target": "undeploy"})", 72), "Request not acceptable.");
    CHECK_THROWS_WITH(parse(R"({"target": "provide"})", 3), "Request not acceptable.");
    CHECK_THROWS_WITH(wire::powerFromBody(json{{"target", "soft power off"}}, {26}),
                      "Request not acceptable.");
    CHECK(wire::powerFromBody(json{{"target", "soft power off"}, {"timeout", 5}}, {27}).timeoutSeconds == 5);
    CHECK_THROWS_WITH(wire::powerFromBody(json{{"target", "power on"}, {"timeout", -1}}, {27}),
                      Contains("timeout: -1 is not in 1..86400"));
}

TEST_CASE("a request for an image", "[wire][image]")
{
    const auto parse = [](const std::string& text) { return wire::imageFromBody(json::parse(text)); };
    CHECK(parse(R"({"name": "debian-12", "url": "https://example/x.qcow2"})").name == "debian-12");
    CHECK_THROWS_WITH(parse(R"({"name": "a b", "url": "https://example/x"})"),
                      Contains("name: \"a b\" is not a valid image name"));
    CHECK_THROWS_WITH(parse(R"({"name": "..", "url": "https://example/x"})"),
                      Contains("not a valid image name"));
    CHECK_THROWS_WITH(parse(R"({"url": "https://example/x"})"), Contains("needs a name"));
    CHECK(parse(R"({"name": "a", "url": "s3://bucket/key"})").url == "s3://bucket/key");
    CHECK_THROWS_WITH(parse(R"({"name": "a", "url": "https://example/x", "checksum": "md5:abc"})"),
                      Contains("checksum"));
}

TEST_CASE("an operation shows its rate", "[wire][operation]")
{
    model::Operation operation;
    operation.id.uuid = "op";
    operation.kind = model::OperationKind::Deploy;
    operation.state = model::OperationState::Running;
    operation.request.text = R"({"agent_token":"x","image":"debian"})";
    model::Step done;
    done.name = "power_on";
    done.state = model::StepState::Done;
    model::Step write;
    write.name = "write_image";
    write.position = 1;
    write.state = model::StepState::Waiting;
    write.startedAt = model::fromMillis(1000);
    write.bytesDone = 50'000'000;
    write.bytesTotal = 200'000'000;
    wire::JsonWriter out;
    wire::writeOperation(out, operation, {done, write}, model::fromMillis(3000));
    const json shown = json::parse(out.text());
    CHECK(shown.at("step") == "write_image");
    CHECK(shown.at("bytes_done") == 50'000'000);
    CHECK(shown.at("mb_per_s") == 25.0);
    CHECK(shown.at("eta_seconds") == 6);
    CHECK(shown.at("request").at("agent_token") == "******");
    CHECK(shown.at("error").is_null());
    CHECK(shown.at("steps").size() == 2);
    CHECK(shown.at("steps").at(0).at("state") == "done");
}

TEST_CASE("a list of events has the cursor of the next request", "[wire][event]")
{
    model::NodeEvent event;
    event.sequence = 7;
    event.kind = "step.started";
    event.message = "write_image";
    wire::JsonWriter out;
    wire::writeEvents(out, {event}, 3);
    CHECK(json::parse(out.text()).at("next_after") == 7);
    wire::JsonWriter none;
    wire::writeEvents(none, {}, 3);
    CHECK(json::parse(none.text()) == json::parse(R"({"events": [], "next_after": 3})"));
}
