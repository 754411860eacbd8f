#include "common/model/error.h"
#include "common/wire/resources/port_fields.h"
#include "tests/wire/samples.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using nlohmann::ordered_json;

namespace {

const json kBody =
    json::parse(R"({"address": "52:54:00:00:00:01", "node_uuid": "0516e8fa-ea38-4a5c-8950-5ebe9679096b",
    "uuid": "dc28374a-140a-4fe2-b66b-07c85d9e1929", "physical_network": "net",
    "local_link_connection": {"switch_id": "0a:1b:2c:3d:4e:5f", "port_id": "p0", "switch_info": "s"}})");

ordered_json shown(const model::Port& port, const wire::ResourceShape<model::Port>::Fields& fields)
{
    wire::JsonWriter out;
    wire::portShape().write(out, port, "http://bm.example:6385", fields);
    return ordered_json::parse(out.text());
}

} // namespace

TEST_CASE("a port is shown as Ironic 21.4 shows it", "[wire][port]")
{
    const model::Port port = wire::portShape().fromCreate(kBody, wire::kMaxVersion);
    const ordered_json recorded = test::sample("port.json");
    const ordered_json ours = shown(port, wire::portShape().detail({82}));
    CHECK(test::keysOf(ours) == test::keysOf(recorded));
    for (const auto& [key, value] : recorded.items())
        if (key != "created_at") {
            INFO(key);
            CHECK(json(ours.at(key)) == json(value));
        }
    CHECK(test::keysOf(shown(port, wire::portShape().summary(wire::kMaxVersion))) ==
          test::keysOf(test::sample("ports.json").at("ports").at(0)));
}

TEST_CASE("refused bodies of new ports", "[wire][port]")
{
    const auto with = [](const std::string& key, json value) {
        json body = kBody;
        body[key] = std::move(value);
        return body;
    };
    const auto create = [](const json& body, int minor = 82) {
        return wire::portShape().fromCreate(body, {minor});
    };
    CHECK_THROWS_WITH(create(with("address", "nonsense")),
                      "Expected valid MAC address for address: nonsense");
    CHECK(create(with("address", "01:00:5e:00:00:01")).mac.text == "01:00:5e:00:00:01"); // as Ironic
    CHECK_THROWS_WITH(create(json{{"address", "52:54:00:00:00:01"}}),
                      Contains("'node_uuid' is a required property"));
    CHECK_THROWS_WITH(create(with("colour", 1)), Contains("('colour' was unexpected)"));
    CHECK_THROWS_WITH(create(with("pxe_enabled", "maybe")),
                      Contains("Invalid pxe_enabled: Unrecognized value 'maybe'"));
    CHECK_THROWS_WITH(create(kBody, 33), "Request not acceptable.");
    CHECK(create(with("is_smartnic", true)).isSmartNic);
    CHECK(create(with("address", "52-54-00-AA-BB-CC")).mac.text == "52:54:00:aa:bb:cc");
}

TEST_CASE("patching a port", "[wire][port][patch]")
{
    model::Port port = wire::portShape().fromCreate(kBody, wire::kMaxVersion);
    wire::portShape().patch(
        port,
        json::parse(
            R"([{"op": "replace", "path": "/pxe_enabled", "value": false}, {"op": "add", "path": "/extra/a", "value": 1}])"),
        wire::kMaxVersion);
    CHECK_FALSE(port.pxeEnabled);
    CHECK(port.extra.text == R"({"a":1})");
    CHECK_THROWS_WITH(
        wire::portShape().patch(port, json::parse(R"([{"op": "replace", "path": "/uuid", "value": "x"}])"),
                                wire::kMaxVersion),
        Contains("Cannot patch /uuid"));
    CHECK_THROWS_WITH(wire::portShape().patch(port, json::parse(R"([{"op": "remove", "path": "/address"}])"),
                                              wire::kMaxVersion),
                      "Schema error for patch: 'address' is a required property");
    CHECK_THROWS_WITH(
        wire::portShape().patch(port, json::parse(R"([{"op": "add", "path": "/address", "value": null}])"),
                                wire::kMaxVersion),
        "address: null is not of type 'string'");
    CHECK(wire::portShape()
              .merge(port, json{{"address", "52:54:00:00:00:01"}, {"pxe_enabled", false}})
              .empty());
    CHECK(wire::portShape().merge(port, json{{"address", "52:54:00:00:00:01"}, {"pxe_enabled", true}}) ==
          std::vector<std::string>{"pxe_enabled"});
}
