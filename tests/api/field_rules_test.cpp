// One rule per field for POST, PATCH and batch; and what users of a project learn about records of others.
#include "api/access/access.h"
#include "api/access/field_rules.h"
#include "api/access/shown.h"
#include "common/model/error.h"
#include "conductor/core/nodes.h"
#include "db/repositories/repositories.h"
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <map>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const std::string kFieldVersion = "1.115";
constexpr const char* kHiddenAddress = "192.0.2.77";

struct FieldActor {
    std::string project; ///< "": the system, "web": the owner, "shop": the lessee
    model::Role role;
};

std::vector<FieldActor> fieldActors()
{
    std::vector<FieldActor> all;
    for (const char* project : {"", "web", "shop"})
        for (const model::Role role :
             {model::Role::Reader, model::Role::Member, model::Role::Manager, model::Role::Admin})
            all.push_back({project, role});
    return all;
}

bool maySet(const api::Access& access, const FieldActor& actor)
{
    return api::suffices(actor.role, actor.project.empty()    ? access.system
                                     : actor.project == "web" ? access.owner
                                                              : access.lessee);
}

/// The answers of an API whose users come from headers.
class RoleWorld : public ApiWorld {
public:
    RoleWorld() : ApiWorld({}, test::actAsHeadersSay) {}

    Answer call(const std::string& method, const std::string& path, const json& body, const std::string& role,
                const std::string& project)
    {
        return ask(method, path, body.is_null() ? "" : body.dump(), kFieldVersion,
                   test::actingAs(role, project));
    }
    Answer call(const std::string& method, const std::string& path, const json& body, const FieldActor& actor)
    {
        return call(method, path, body, std::string(model::toText(actor.role)), actor.project);
    }
    std::string create(const std::string& path, const json& body)
    {
        const Answer answer = call("POST", path, body, "admin", "");
        INFO(path << " " << answer.text);
        REQUIRE(answer.status == 201);
        return answer.body.at("uuid").get<std::string>();
    }
    /// A new node of the project "web" that "shop" leases.
    std::string leasedNode()
    {
        return create("/v1/nodes", {{"driver", "fake-hardware"}, {"owner", "web"}, {"lessee", "shop"}});
    }
};

json fieldPatch(const std::string& field, const json& value)
{
    return json::array({{{"op", "add"}, {"path", "/" + field}, {"value", value}}});
}

/// A value that needs the rule of @p field.
json valueOfField(const std::string& field)
{
    static int names = 0;
    static const std::map<std::string, json> values{
        {"automated_clean", false},
        {"chassis_uuid", "6d85703a-565d-469a-96ce-30b6de53079d"},
        {"disable_power_off", true},
        {"driver", "fake-hardware"},
        {"driver_info", {{"fake_step_delay", "1"}}},
        {"extra", {{"a", "b"}}},
        {"instance_info", {{"a", "b"}}},
        {"maintenance", true},
        {"network_data", {{"links", json::array()}}},
        {"parent_node", "6d85703a-565d-469a-96ce-30b6de53079d"},
        {"power_interface", "fake"},
        {"properties", {{"a", "b"}}},
        {"retired", true},
    };
    if (field == "instance_uuid")
        return model::makeUuid();
    const auto found = values.find(field);
    return found == values.end() ? json(fmt::format("value-{}", ++names)) : found->second;
}

std::vector<std::pair<std::string, api::FieldRow>> ruledNodeFields()
{
    std::vector<std::pair<std::string, api::FieldRow>> fields;
    for (const api::FieldRow& row : api::fieldRows())
        if (row.collection == "/v1/nodes" && !row.rule.empty())
            fields.emplace_back(row.field, row);
    fields.emplace_back("power_interface", *api::fieldRowOf("/v1/nodes", "power_interface"));
    return fields;
}

/// Status, message and hint, where @p ident of the request reads X.
std::string neutral(const Answer& answer, const std::string& ident)
{
    const std::string hint = answer.body.is_object() ? answer.body.value("hint", "") : "";
    std::string text = fmt::format("{} {} / {}", answer.status, answer.fault(), hint);
    for (std::size_t at = 0; (at = text.find(ident, at)) != std::string::npos; ++at)
        text.replace(at, ident.size(), "X");
    return text;
}

/// The node "mine" of the project "web", and "secret-node" of "infra" with records of its own.
class TwoProjects : public RoleWorld {
public:
    TwoProjects()
    {
        mine = create("/v1/nodes", {{"name", "mine"}, {"driver", "fake-hardware"}, {"owner", "web"}});
        secret = create("/v1/nodes", {{"name", "secret-node"},
                                      {"driver", "fake-hardware"},
                                      {"owner", "infra"},
                                      {"instance_uuid", instance}});
        create("/v1/ports", {{"node_uuid", "secret-node"}, {"address", mac}});
        port = create("/v1/ports", {{"node_uuid", "mine"}, {"address", "52:54:00:00:00:01"}});
        create("/v1/portgroups", {{"node_uuid", "secret-node"}, {"name", "secret-group"}});
    }
    /// True if @p answer names the node of the other project.
    bool tells(const Answer& answer) const
    {
        return answer.text.find("secret-node") != std::string::npos ||
               answer.text.find(secret) != std::string::npos;
    }

    const std::string mac = "52:54:00:00:00:03";
    const std::string instance = "0dd39e37-6ae8-4d05-8b1b-8f4b9c9c5a11";
    std::string mine;
    std::string secret;
    std::string port;
};

/// A request about a node as the router passes it to the error renderer.
class NodeRequest : public test::FilteredRequest {
public:
    NodeRequest(const std::string& node, const std::string& project) : FilteredRequest(kFieldVersion)
    {
        method = http::Method::Get;
        route = "/v1/nodes/{ident}/management/indicators";
        path = "/v1/nodes/" + node + "/management/indicators";
        pathParams["ident"] = node;
        actor = "eve";
        grant = {model::Role::Admin, project};
    }
};

} // namespace

TEST_CASE("POST, PATCH and batch give one verdict on a field", "[api][policy][security]")
{
    RoleWorld world;
    const std::string untouched = world.leasedNode();
    std::size_t refusals = 0;
    for (const auto& [field, row] : ruledNodeFields())
        for (const FieldActor& actor : fieldActors()) {
            INFO(field << " as " << model::toText(actor.role) << " of \"" << actor.project << "\"");
            const bool patches = actor.role >= model::Role::Member && maySet(row.set, actor);
            const Answer patched =
                world.call("PATCH", "/v1/nodes/" + (patches ? world.leasedNode() : untouched),
                           fieldPatch(field, valueOfField(field)), actor);
            CHECK((patched.status != 403) == patches);

            // A new node of a project belongs to that project.
            const FieldActor owner{actor.project.empty() ? "" : "web", actor.role};
            const bool creates = actor.role == model::Role::Admin && maySet(row.set, owner);
            json node = {{"driver", "fake-hardware"}};
            node[field] = valueOfField(field);
            const Answer created = world.call("POST", "/v1/nodes", node, actor);
            CHECK((created.status != 403) == creates);
            if (actor.role == model::Role::Admin && actor.project != "shop")
                CHECK((created.status == 403) == (patched.status == 403));

            node[field] = valueOfField(field);
            const Answer batch = world.call("POST", "/v1/nodes/batch", {{"nodes", {node}}}, actor);
            CHECK((batch.status != 403) == (actor.project.empty() && actor.role == model::Role::Admin));

            if (actor.role == model::Role::Admin && created.status == 403) {
                ++refusals;
                CHECK_THAT(created.fault(), Contains(std::string(row.rule)));
            }
        }
    CHECK(refusals >= 12); // seven fields for the administrators of two projects
}

TEST_CASE("no form of a request gets around the rule of a field", "[api][policy][security]")
{
    RoleWorld world;
    const std::string node = "/v1/nodes/" + world.leasedNode();
    const auto status = [&](const json& step, const std::string& project) {
        return world.call("PATCH", node, json::array({step}), "admin", project).status;
    };
    CHECK(status({{"op", "remove"}, {"path", "/automated_clean"}, {"value", true}}, "web") == 403);
    CHECK(status({{"op", "add"}, {"path", "/automated_clean"}, {"value", true}}, "web") == 200);
    CHECK(status({{"op", "add"}, {"path", "/owner"}, {"value", "shop"}}, "shop") == 403); // only leases it
    CHECK(status({{"op", "add"}, {"path", "/owner"}, {"value", "web"}}, "web") == 200);
    CHECK(status({{"op", "remove"}, {"path", "/owner"}}, "web") == 403);
    CHECK(world.call("PATCH", node, fieldPatch("maintenance", true), "member", "shop").status == 403);
    CHECK(world.call("PATCH", node, fieldPatch("maintenance", true), "manager", "shop").status == 200);
    // null sets nothing in a new node
    CHECK(world.call("POST", "/v1/nodes", {{"driver", "fake-hardware"}, {"shard", nullptr}}, "admin", "web")
              .status == 201);
}

TEST_CASE("owners and publicity of runbooks and allocations have one rule", "[api][policy][security]")
{
    RoleWorld world;
    const json steps = json::array(
        {{{"interface", "bios"}, {"step", "factory_reset"}, {"args", json::object()}, {"order", 1}}});
    const json runbook = {{"name", "CUSTOM_MINE"}, {"steps", steps}};
    const auto with = [](json body, const std::string& field, const json& value) {
        body[field] = value;
        return body;
    };
    for (const auto& [field, value] : std::map<std::string, json>{{"public", true}, {"owner", "infra"}}) {
        INFO(field);
        CHECK(world.call("POST", "/v1/runbooks", with(runbook, field, value), "admin", "web").status == 403);
    }
    const json fitting = with(with(runbook, "public", false), "owner", "web");
    REQUIRE(world.call("POST", "/v1/runbooks", fitting, "manager", "web").status == 201);
    const auto patched = [&](const std::string& field, const json& value, const std::string& project) {
        return world.call("PATCH", "/v1/runbooks/CUSTOM_MINE", fieldPatch(field, value), "admin", project)
            .status;
    };
    CHECK(patched("public", true, "web") == 403);
    CHECK(patched("owner", "infra", "web") == 403);
    CHECK(patched("public", false, "web") == 200);
    CHECK(patched("owner", "web", "web") == 200);
    CHECK(patched("public", true, "") == 200);

    const json allocation = {{"resource_class", "x"}};
    CHECK(world.call("POST", "/v1/allocations", with(allocation, "owner", "infra"), "admin", "web").status ==
          403);
    CHECK(world.call("POST", "/v1/allocations", with(allocation, "owner", "web"), "member", "web").status ==
          201);
}

TEST_CASE("a conflict does not name a node of another project", "[api][policy][security]")
{
    TwoProjects world;
    const json onePort = {{"node_uuid", "mine"}, {"address", world.mac}};
    SECTION("that has the MAC address")
    {
        const Answer refused = world.call("POST", "/v1/ports", onePort, "manager", "web");
        CHECK(refused.status == 409);
        CHECK_FALSE(world.tells(refused));
        const Answer moved = world.call("PATCH", "/v1/ports/" + world.port, fieldPatch("address", world.mac),
                                        "manager", "web");
        CHECK(moved.status == 409);
        CHECK_FALSE(world.tells(moved));
        const Answer told = world.call("POST", "/v1/ports", onePort, "admin", "");
        CHECK(told.status == 409);
        CHECK_THAT(told.body.at("hint").get<std::string>(), Contains("secret-node"));
    }
    SECTION("that has the name, the uuid or the instance")
    {
        const auto refused = [&](const std::string& field, const std::string& value,
                                 const std::string& project) {
            const json node = {{"driver", "fake-hardware"}, {field, value}};
            const Answer answer = world.call("POST", "/v1/nodes", node, "admin", project);
            INFO(answer.text);
            CHECK(answer.status == 409);
            return answer;
        };
        const Answer name = refused("name", "secret-node", "web");
        CHECK(name.text.find(world.secret) == std::string::npos);
        CHECK(name.body.at("hint") == "choose another name");
        CHECK(refused("uuid", world.secret, "web").text.find("secret-node") == std::string::npos);
        CHECK_FALSE(world.tells(refused("instance_uuid", world.instance, "web")));
        CHECK_THAT(refused("instance_uuid", world.instance, "").text, Contains("secret-node"));
        CHECK_THAT(refused("uuid", world.secret, "").text, Contains("bm node show secret-node"));
    }
}

TEST_CASE("a record of another project is refused as one that does not exist", "[api][policy][security]")
{
    TwoProjects world;
    SECTION("in a path or an argument")
    {
        for (const char* const form :
             {"/v1/nodes/{}", "/v1/nodes/{}/ports", "/v1/nodes/{}/states", "/v1/nodes/{}/operation",
              "/v1/nodes/{}/events", "/v1/nodes/{}/allocation", "/v1/ports?node={}", "/v1/portgroups?node={}",
              "/v1/allocations?node={}", "/v1/volume/targets?node={}"}) {
            INFO(form);
            const auto asked = [&](const std::string& ident) {
                return neutral(
                    world.call("GET", fmt::format(fmt::runtime(form), ident), nullptr, "admin", "web"),
                    ident);
            };
            CHECK(asked("secret-node") == asked("no-such-node"));
            CHECK(asked(world.secret) == asked("6d85703a-565d-469a-96ce-30b6de53079d"));
            CHECK_THAT(asked("secret-node"), Contains("404"));
        }
        for (const char* const group : {"secret-group", "no-group"})
            CHECK(world.call("GET", std::string("/v1/ports?portgroup=") + group, nullptr, "admin", "web")
                      .status == 404);
    }
    SECTION("in a body")
    {
        const auto same = [&](const std::string& method, const std::string& path, const json& with,
                              const json& without, const std::string& known, const std::string& unknown) {
            const Answer hidden = world.call(method, path, with, "manager", "web");
            const Answer absent = world.call(method, path, without, "manager", "web");
            INFO(path << " " << hidden.text << " " << absent.text);
            CHECK(hidden.status >= 400);
            CHECK(neutral(hidden, known) == neutral(absent, unknown));
            CHECK(hidden.text.find(world.secret) == std::string::npos);
        };
        const auto onNode = [&](const std::string& path, json body, const std::string& field) {
            json other = body;
            body[field] = "secret-node";
            other[field] = "no-such-node";
            same("POST", path, body, other, "secret-node", "no-such-node");
        };
        onNode("/v1/ports", {{"address", "52:54:00:00:00:09"}}, "node_uuid");
        onNode("/v1/portgroups", {{"name", "g"}}, "node_uuid");
        onNode("/v1/volume/connectors", {{"type", "iqn"}, {"connector_id", "c"}}, "node_uuid");
        onNode("/v1/volume/targets", {{"boot_index", 0}, {"volume_id", "v"}, {"volume_type", "iscsi"}},
               "node_uuid");
        onNode("/v1/allocations", json::object(), "node");
        const json candidates = {{"resource_class", "x"}};
        json hidden = candidates, absent = candidates;
        hidden["candidate_nodes"] = {"mine", "secret-node"};
        absent["candidate_nodes"] = {"mine", "no-such-node"};
        same("POST", "/v1/allocations", hidden, absent, "secret-node", "no-such-node");
        same("PATCH", "/v1/ports/" + world.port, fieldPatch("portgroup_uuid", "secret-group"),
             fieldPatch("portgroup_uuid", "no-group"), "secret-group", "no-group");
        same("POST", "/v1/ports",
             {{"node_uuid", "mine"}, {"address", "52:54:00:00:00:09"}, {"portgroup_uuid", "secret-group"}},
             {{"node_uuid", "mine"}, {"address", "52:54:00:00:00:09"}, {"portgroup_uuid", "no-group"}},
             "secret-group", "no-group");
    }
    SECTION("as the marker of a list")
    {
        CHECK(world.call("GET", "/v1/nodes?sort_key=name&marker=" + world.secret, nullptr, "admin", "web")
                  .status == 404);
        CHECK(world.call("GET", "/v1/nodes?marker=" + world.secret, nullptr, "reader", "").status == 200);
        const std::string group =
            world.call("GET", "/v1/portgroups/secret-group", nullptr, "admin", "").body.at("uuid");
        CHECK(world.call("GET", "/v1/portgroups?marker=" + group, nullptr, "admin", "web").status == 404);
        CHECK(world.call("GET", "/v1/portgroups?marker=" + group, nullptr, "admin", "").status == 200);
    }
    SECTION("in records that the project sees")
    {
        world.create("/v1/allocations", {{"name", "mixed"},
                                         {"resource_class", "x"},
                                         {"owner", "web"},
                                         {"candidate_nodes", {"mine", "secret-node"}}});
        const Answer allocation = world.call("GET", "/v1/allocations/mixed", nullptr, "reader", "web");
        CHECK(allocation.body.at("candidate_nodes") == json::array({world.mine}));
        CHECK_FALSE(world.tells(world.call("GET", "/v1/allocations", nullptr, "reader", "web")));
        CHECK(world.call("GET", "/v1/allocations/mixed", nullptr, "reader", "")
                  .body.at("candidate_nodes")
                  .size() == 2);

        world.create("/v1/nodes", {{"name", "child"},
                                   {"driver", "fake-hardware"},
                                   {"owner", "web"},
                                   {"parent_node", world.secret}});
        CHECK(
            world.call("GET", "/v1/nodes/child", nullptr, "reader", "web").body.at("parent_node").is_null());
        CHECK(world.call("GET", "/v1/nodes/child", nullptr, "reader", "").body.at("parent_node") ==
              world.secret);
    }
}

TEST_CASE("a machine learns no name and no uuid from lookup and heartbeat", "[api][agent][security]")
{
    ApiWorld world;
    const std::string uuid = world.world.enrol("node-1").id.uuid;
    const std::string mac = world.get("/v1/nodes/node-1/ports").body.at("ports").at(0).at("address");
    const auto said = [](const Answer& answer) {
        return fmt::format("{} {} {}", answer.status, answer.body.at("error_message").get<std::string>(),
                           answer.body.value("hint", ""));
    };
    const Answer known = world.machine("GET", "/v1/lookup?addresses=" + mac);
    CHECK(known.status == 404);
    CHECK(known.text.find(uuid) == std::string::npos);
    CHECK(said(known) == said(world.machine("GET", "/v1/lookup?addresses=52:54:00:99:99:99")));
    const auto beat = [&](const std::string& ident) {
        return world.machine("POST", "/v1/heartbeat/" + ident, R"({"agent_token": "00"})");
    };
    CHECK(beat("node-1").status == 401);
    CHECK(said(beat("node-1")) == said(beat("no-such-node")));
    CHECK(said(beat(uuid)) == said(beat("6d85703a-565d-469a-96ce-30b6de53079d")));
}

TEST_CASE("a lessee sees no address of a BMC", "[api][policy][security]")
{
    RoleWorld world;
    const std::string uuid = world.leasedNode();
    const std::string node = "/v1/nodes/" + uuid;
    REQUIRE(world.send("PUT", node + "/states/provision", {{"target", "manage"}}).status ==
            202); // by "admin"
    world.world.runUntilIdle(std::chrono::seconds{2});
    const std::string failure = std::string("no IPMI reply from ") + kHiddenAddress;
    world.world.core->database.write([&](db::Transaction& tx) {
        const db::OperationRepository operations;
        model::Node stored = conductor::findNode(tx, uuid);
        model::Operation operation = operations.latest(tx, stored.id).value();
        operation.errorCode = "bmc-unreachable";
        operation.errorMessage = operation.errorHint = failure;
        operations.update(tx, operation);
        model::Step step = operations.steps(tx, operation.id).at(0);
        step.message = step.errorMessage = step.errorHint = failure;
        step.errorCode = "bmc-unreachable";
        step.result.text = json{{"bmc", kHiddenAddress}}.dump();
        operations.updateStep(tx, step);
        stored.lastError = stored.maintenanceReason = failure;
        stored.maintenance = true;
        stored.fault = "quarantined";
        db::NodeRepository{}.update(tx, stored);
        conductor::recordEvent(tx, world.world.clock.now(), stored.id, model::EventKind::RelayLeft,
                               "secret-node: slow");
    });
    const auto text = [&](const std::string& path, const std::string& role, const std::string& project) {
        const Answer answer = world.call("GET", path, nullptr, role, project);
        INFO(path << " " << answer.text);
        CHECK(answer.status == 200);
        return answer.text;
    };
    const std::string detail = "/v1/nodes/detail";
    for (const std::string& path : {node, node + "/states", node + "/operation", detail}) {
        INFO(path);
        for (const char* const role : {"reader", "member", "manager", "admin"})
            CHECK_THAT(text(path, role, "shop"), !Contains(kHiddenAddress));
        CHECK_THAT(text(path, "reader", "web"), Contains(kHiddenAddress));
        CHECK_THAT(text(path, "reader", ""), Contains(kHiddenAddress));
    }
    const json course = world.call("GET", node + "/operation", nullptr, "reader", "shop").body;
    CHECK(course.at("kind") == "verify");
    CHECK(course.at("error").at("code") == "bmc-unreachable");
    CHECK(course.at("error").at("message") == api::kHiddenText);
    CHECK(course.at("actor") == "");
    CHECK_FALSE(course.at("steps").empty());

    for (const char* const role : {"reader", "member", "manager", "admin"}) {
        INFO(role);
        for (const char* const path : {"/events", "/history", "/report", "/inventory"})
            CHECK(world.call("GET", node + path, nullptr, role, "shop").status == 403);
        for (const char* const project : {"web", "shop"}) {
            CHECK(world.call("GET", "/v1/events", nullptr, role, project).status == 403);
            CHECK(world.call("GET", "/v1/events?stream=true", nullptr, role, project).status == 403);
            CHECK(world.call("GET", "/v1/operations", nullptr, role, project).status == 403);
            CHECK(world.call("GET", "/v1/webhooks", nullptr, role, project).status == 403);
        }
    }
    CHECK_THAT(text(node + "/events", "reader", "web"),
               !Contains("secret-node") && Contains("another node: slow"));
    CHECK_THAT(text(node + "/events", "reader", ""), Contains("secret-node: slow"));
}

TEST_CASE("a lessee's request that fails at the BMC does not name it", "[api][policy][security]")
{
    RoleWorld world;
    const std::string uuid = world.create("/v1/nodes", {{"driver", "ipmi"},
                                                        {"owner", "web"},
                                                        {"lessee", "shop"},
                                                        {"driver_info", {{"ipmi_address", kHiddenAddress}}}});
    bmd::Core& core = *world.world.core;
    const api::ApiParts parts{core.context,  core.nodes,  core.operations, core.catalogue,
                              core.agents,   core.boots,  core.relay,      core.tags,
                              core.rollouts, core.events, core.webhooks,   core.schedules};
    const std::string failure = std::string("no reply from ") + kHiddenAddress;
    for (const model::ErrorCode code : {model::ErrorCode::BmcUnreachable, model::ErrorCode::InvalidInput}) {
        INFO(model::toText(code));
        const model::Error error(code, failure, failure);
        const std::optional<model::Error> shown = api::shownError(parts, NodeRequest(uuid, "shop"), error);
        REQUIRE(shown);
        CHECK(shown->code() == code);
        CHECK(shown->message() == api::kHiddenText);
        CHECK_THAT(shown->hint(), !Contains(kHiddenAddress));
        CHECK_FALSE(api::shownError(parts, NodeRequest(uuid, "web"), error));
        CHECK_FALSE(api::shownError(parts, NodeRequest(uuid, ""), error));
    }
    const model::Error named(model::ErrorCode::BmcBusy, "another name of the BMC is bmc-7.lab");
    CHECK(api::shownError(parts, NodeRequest(uuid, "shop"), named).value().message() == api::kHiddenText);
    const model::Error harmless(model::ErrorCode::Conflict, "the node is in maintenance");
    CHECK_FALSE(api::shownError(parts, NodeRequest(uuid, "shop"), harmless));
}
