// The policy table: compared with Ironic's and with the routes, and each row checked for each role.
#include "api/access/access.h"
#include "api/access/field_rules.h"
#include "common/model/error.h"
#include "tests/api/api_world.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <fstream>
#include <set>
#include <sstream>

using namespace bm;
using api::Access;
using api::Needs;
using api::PolicyRow;
using api::Subject;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const std::string kPolicyVersion = "1.115";

Needs needsFromText(const std::string& text)
{
    if (text == "nobody")
        return Needs::Nobody;
    return static_cast<Needs>(static_cast<int>(model::roleFromText(text).value()));
}

/// Parses tests/data/ironic-policy.txt: "baremetal:node:get reader reader reader".
std::map<std::string, Access> ironicPolicy()
{
    std::ifstream file(tests::dataFolder() + "/ironic-policy.txt");
    std::map<std::string, Access> rules;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#')
            continue;
        std::istringstream words(line);
        std::string rule;
        std::string system;
        std::string owner;
        std::string lessee;
        words >> rule >> system >> owner >> lessee;
        rules[rule] = {needsFromText(system), needsFromText(owner), needsFromText(lessee)};
    }
    REQUIRE(rules.size() > 80);
    return rules;
}

Access combined(const Access& a, const Access& b)
{
    return {std::min(a.system, b.system), std::min(a.owner, b.owner), std::min(a.lessee, b.lessee)};
}

/// The required role of a project's user at best: a list has no owner yet.
Needs ofProject(const Access& access)
{
    return std::min(access.owner, access.lessee);
}

ApiWorld::Headers as(const std::string& role, const std::string& project)
{
    return test::actingAs(role, project);
}

/// Records of three nodes: one that the project "web" owns, one that it leases, and one without a relation to
/// it.
class Estate {
public:
    Estate() : world({}, test::actAsHeadersSay)
    {
        add("owned", {{"owner", "web"}, {"lessee", "shop"}}, "web", 1);
        add("leased", {{"owner", "infra"}, {"lessee", "web"}}, "infra", 2);
        add("foreign", {{"owner", "infra"}, {"lessee", "shop"}}, "infra", 3);
    }

    std::string made(const std::string& path, const json& body)
    {
        const Answer answer = world.send("POST", path, body, kPolicyVersion);
        INFO(path << " " << answer.text);
        REQUIRE(answer.status == 201);
        return answer.body.at("uuid").get<std::string>();
    }
    /// The value of {ident} in a route about @p subject.
    const std::string& ident(const std::string& node, Subject subject) const
    {
        return idents.at(node).at(subject);
    }

    ApiWorld world;
    std::map<std::string, std::map<Subject, std::string>> idents;

private:
    void add(const std::string& name, json node, const std::string& owner, int number)
    {
        node["name"] = name;
        node["driver"] = "fake-hardware";
        auto& here = idents[name];
        here[Subject::Node] = made("/v1/nodes", node);
        const std::string mac = fmt::format("52:54:00:00:00:0{}", number);
        here[Subject::Port] = made("/v1/ports", {{"node_uuid", name}, {"address", mac}});
        here[Subject::PortGroup] = made("/v1/portgroups", {{"node_uuid", name}, {"name", "g-" + name}});
        here[Subject::VolumeConnector] = made(
            "/v1/volume/connectors", {{"node_uuid", name}, {"type", "iqn"}, {"connector_id", "iqn." + name}});
        here[Subject::VolumeTarget] = made(
            "/v1/volume/targets",
            {{"node_uuid", name}, {"boot_index", 0}, {"volume_id", "v-" + name}, {"volume_type", "iscsi"}});
        here[Subject::Allocation] =
            made("/v1/allocations", {{"resource_class", "x"}, {"name", "a-" + name}, {"owner", owner}});
        const json steps = json::array(
            {{{"interface", "bios"}, {"step", "factory_reset"}, {"args", json::object()}, {"order", 1}}});
        std::string upper = name;
        std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
        here[Subject::Runbook] =
            made("/v1/runbooks", {{"name", "CUSTOM_" + upper}, {"steps", steps}, {"owner", owner}});
        const model::Image image = world.world.image("i-" + name, "0123"[number]);
        world.world.core->catalogue.change(image.name, {}, [&](model::Image& changed) {
            changed.owner = owner;
            changed.visibility = model::ImageVisibility::Project;
        });
        here[Subject::Image] = image.name;
    }
};

/// The result of the policy filter.
class NoResponse : public http::Response {
public:
    void send(int /*code*/, std::string_view /*body*/, std::string_view /*type*/) override { sent_ = true; }
    void sendFile(const std::filesystem::path& /*file*/, std::string_view /*type*/,
                  FileDone /*done*/) override
    {
        sent_ = true;
    }
    http::EventStreamPtr openStream(http::StreamSettings /*settings*/) override { return {}; }
    bool sent() const override { return sent_; }

private:
    bool sent_ = false;
};

struct Verdict {
    int status = 0; ///< 0: allowed
    std::string why;
    std::string hint;
};

Verdict verdict(const http::Filter& filter, http::Request& request)
{
    NoResponse none;
    try {
        filter(request, none);
        return {};
    } catch (const model::Error& error) {
        return {http::statusOf(error), error.message(), error.hint()};
    }
}

struct Asker {
    std::string project;
    std::string node;  ///< the node of the requested record
    bool owns = false; ///< true if "web" owns that node
    bool leases = false;
};
const std::vector<Asker> kAskers{
    {"", "foreign", false, false},
    {"web", "owned", true, false},
    {"web", "leased", false, true},
    {"web", "foreign", false, false},
};

/// The expected answer for @p asker in @p role by the table's row.
int wanted(const PolicyRow& row, model::Role role, const Asker& asker)
{
    if (row.subject == Subject::Open)
        return 0;
    if (asker.project.empty())
        return api::suffices(role, row.access.system) ? 0 : 403;
    if (row.subject == Subject::System)
        return 403;
    if (row.subject < Subject::Node)
        return api::suffices(role, ofProject(row.access)) ? 0 : 403;
    const bool ofNode = row.subject < Subject::Allocation;
    if (!asker.owns && !(asker.leases && ofNode))
        return 404;
    const bool may = (asker.owns && api::suffices(role, row.access.owner)) ||
                     (asker.leases && ofNode && api::suffices(role, row.access.lessee));
    return may ? 0 : 403;
}

} // namespace

TEST_CASE("every route has a row in the policy, and every row a route", "[api][policy]")
{
    ApiWorld world;
    std::set<std::string> routes;
    const json document = world.get("/v1/openapi.json", kPolicyVersion).body;
    for (const auto& [path, methods] : document.at("paths").items())
        for (const auto& [method, operation] : methods.items()) {
            std::string upper = method;
            std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 32); });
            INFO(upper << " " << path);
            const PolicyRow* row = api::policyOf(http::methodFromText(upper), path);
            CHECK(row != nullptr);
            routes.insert(upper + " " + path);
            routes.insert("ANY " + path);
        }
    CHECK(routes.size() > 200);
    for (const PolicyRow& row : api::policyRows()) {
        INFO(row.route);
        CHECK(routes.contains(std::string(row.route)));
    }
}

TEST_CASE("the policy equals Ironic's for Ironic's routes", "[api][policy]")
{
    std::map<std::string, Access> ironic = ironicPolicy();
    for (const char* const rule : {"baremetal:node:create", "baremetal:node:delete"})
        ironic[rule] = combined(ironic.at(rule), ironic.at(std::string(rule) + ":self_owned_node"));
    std::size_t compared = 0;
    for (const PolicyRow& row : api::policyRows()) {
        const auto found = ironic.find(std::string(row.rule));
        if (found == ironic.end())
            continue; // bm's own rule, or newer than Ironic 21.4
        INFO(row.route << " " << row.rule);
        ++compared;
        if (row.subject == Subject::Open) {
            CHECK(found->second.lessee == Needs::Reader);
            continue;
        }
        CHECK(row.access.system == found->second.system);
        if (row.subject < Subject::Node) {
            CHECK(ofProject(row.access) == ofProject(found->second));
        } else {
            CHECK(row.access.owner == found->second.owner);
            const bool ofNode = row.rule.find(":allocation:") == std::string_view::npos &&
                                row.rule.find(":runbook:") == std::string_view::npos;
            if (ofNode) // other subjects have no lessee
                CHECK(row.access.lessee == found->second.lessee);
        }
    }
    CHECK(compared > 110);
    const auto equalsIronic = [&](std::string_view rule, const Access& access) {
        INFO(rule);
        const Access& wanted = ironic.at(std::string(rule));
        CHECK(access.system == wanted.system);
        CHECK(access.owner == wanted.owner);
        CHECK(access.lessee == wanted.lessee);
    };
    equalsIronic(api::runbookUseRow().rule, api::runbookUseRow().access);
    for (const api::FieldRow& row : api::fieldRows()) {
        if (!row.seeRule.empty())
            equalsIronic(row.seeRule, row.see);
        if (!row.rule.empty() && ironic.contains(std::string(row.rule)))
            equalsIronic(row.rule, row.set);
    }
    for (const auto& [field, rule] :
         std::map<std::string, std::string>{{"driver_info", "update:driver_info"},
                                            {"properties", "update:properties"},
                                            {"chassis_uuid", "update:chassis_uuid"},
                                            {"instance_uuid", "update:instance_uuid"},
                                            {"lessee", "update:lessee"},
                                            {"owner", "update:owner"},
                                            {"driver", "update:driver_interfaces"},
                                            {"power_interface", "update:driver_interfaces"},
                                            {"network_data", "update:network_data"},
                                            {"network_interface", "update:driver_interfaces"},
                                            {"conductor_group", "update:conductor_group"},
                                            {"name", "update:name"},
                                            {"retired_reason", "update:retired"},
                                            {"shard", "update:shard"},
                                            {"parent_node", "update:parent_node"},
                                            {"disable_power_off", "update:disable_power_off"},
                                            {"automated_clean", "disable_cleaning"},
                                            {"extra", "update_extra"},
                                            {"instance_info", "update_instance_info"}}) {
        INFO(field);
        const api::FieldRow* row = api::fieldRowOf("/v1/nodes", field);
        REQUIRE(row != nullptr);
        CHECK(std::string(row->rule) == "baremetal:node:" + rule);
        equalsIronic(row->rule, row->set);
    }
    CHECK(api::fieldRowOf("/v1/nodes", "resource_class") == nullptr);
}

TEST_CASE("every row allows exactly its roles", "[api][policy]")
{
    Estate estate;
    const api::ApiParts parts{estate.world.world.core->context,    estate.world.world.core->nodes,
                              estate.world.world.core->operations, estate.world.world.core->catalogue,
                              estate.world.world.core->agents,     estate.world.world.core->boots,
                              estate.world.world.core->relay,      estate.world.world.core->tags,
                              estate.world.world.core->rollouts,   estate.world.world.core->events,
                              estate.world.world.core->webhooks,   estate.world.world.core->schedules};
    const http::Filter filter = api::policyFilter(parts);
    std::size_t refusals = 0;
    for (const PolicyRow& row : api::policyRows())
        for (const model::Role role :
             {model::Role::Reader, model::Role::Member, model::Role::Manager, model::Role::Admin})
            for (const Asker& asker : kAskers) {
                const std::size_t blank = row.route.find(' ');
                test::FilteredRequest request(kPolicyVersion);
                const std::string_view method = row.route.substr(0, blank);
                request.method = method == "ANY" ? http::Method::Put : http::methodFromText(method);
                request.route = request.path = std::string(row.route.substr(blank + 1));
                request.actor = "eve";
                request.grant = {role, asker.project};
                if (row.subject >= Subject::Node)
                    request.pathParams["ident"] = request.pathParams["image"] =
                        estate.ident(asker.node, row.subject);
                const Verdict found = verdict(filter, request);
                INFO(row.route << " as " << model::toText(role) << " of \"" << asker.project << "\" about "
                               << asker.node << ": " << found.why << " / " << found.hint);
                CHECK(found.status == wanted(row, role, asker));
                if (found.status == 403) {
                    ++refusals;
                    CHECK_THAT(found.why, Contains(std::string(row.rule)));
                    CHECK_THAT(found.hint, Contains("eve is"));
                }
            }
    CHECK(refusals > 500);
}

TEST_CASE("users of a project list, create and change their own records", "[api][policy]")
{
    Estate estate;
    ApiWorld& world = estate.world;
    const auto get = [&](const std::string& path, const std::string& role = "reader",
                         const std::string& project = "web") {
        return world.ask("GET", path, "", kPolicyVersion, as(role, project));
    };
    const auto send = [&](const std::string& method, const std::string& path, const json& body,
                          const std::string& role, const std::string& project = "web") {
        return world.ask(method, path, body.dump(), kPolicyVersion, as(role, project));
    };
    const auto names = [](const Answer& answer, const std::string& list, const std::string& field) {
        std::set<std::string> all;
        INFO(answer.text);
        REQUIRE(answer.status == 200);
        for (const json& item : answer.body.at(list))
            all.insert(item.at(field).get<std::string>());
        return all;
    };

    SECTION("lists")
    {
        CHECK(names(get("/v1/nodes"), "nodes", "name") == std::set<std::string>{"owned", "leased"});
        CHECK(names(get("/v1/nodes", "reader", ""), "nodes", "name").size() == 3);
        CHECK(names(get("/v1/nodes?project=web", "reader", ""), "nodes", "name").size() == 2);
        CHECK(names(get("/v1/nodes?lessee=shop", "reader", ""), "nodes", "name").size() == 2);
        CHECK(names(get("/v1/nodes?limit=1"), "nodes", "name").size() == 1);
        CHECK(get("/v1/nodes?project=infra").status == 403);
        CHECK(names(get("/v1/ports/detail"), "ports", "address") ==
              std::set<std::string>{"52:54:00:00:00:01", "52:54:00:00:00:02"});
        CHECK(names(get("/v1/ports?address=52:54:00:00:00:03"), "ports", "address").empty());
        CHECK(get("/v1/ports?node=foreign").status == 404);
        const Answer first = get("/v1/ports?limit=1");
        CHECK(first.body.contains("next"));
        const std::string marker = first.body.at("ports").at(0).at("uuid");
        CHECK(names(get("/v1/ports?marker=" + marker), "ports", "address").size() == 1);
        CHECK(names(get("/v1/portgroups"), "portgroups", "name") ==
              std::set<std::string>{"g-owned", "g-leased"});
        CHECK(get("/v1/portgroups?node=foreign").status == 404);
        CHECK(names(get("/v1/volume/targets"), "targets", "volume_id").size() == 2);
        CHECK(names(get("/v1/volume/connectors"), "connectors", "connector_id").size() == 2);
        CHECK(names(get("/v1/allocations"), "allocations", "name") == std::set<std::string>{"a-owned"});
        CHECK(names(get("/v1/runbooks"), "runbooks", "name") == std::set<std::string>{"CUSTOM_OWNED"});
        CHECK(send("PATCH", "/v1/runbooks/CUSTOM_FOREIGN",
                   json::array({{{"op", "add"}, {"path", "/public"}, {"value", true}}}), "member", "")
                  .status == 200);
        CHECK(names(get("/v1/runbooks"), "runbooks", "name").size() == 2);
        CHECK(get("/v1/runbooks/CUSTOM_FOREIGN").status == 200);
        CHECK(world.ask("HEAD", "/v1/runbooks/CUSTOM_FOREIGN", "", kPolicyVersion, as("reader", "web"))
                  .status == 200);
        CHECK(send("PATCH", "/v1/runbooks/CUSTOM_FOREIGN", json::array(), "admin").status == 404);
        CHECK(get("/v1/chassis").status == 403);
        CHECK(get("/v1/images").status == 200);
        CHECK(get("/v1/audit").status == 403);
    }
    SECTION("a lessee sees redacted fields")
    {
        const json owned = get("/v1/nodes/owned").body;
        CHECK(owned.at("driver_info") == json::object());
        const json leased = get("/v1/nodes/leased").body;
        CHECK_THAT(leased.at("driver_info").at("content").get<std::string>(),
                   Contains("baremetal:node:get:driver_info"));
        CHECK(leased.at("driver_internal_info").contains("content"));
        CHECK(leased.at("last_error").is_null());
        CHECK(get("/v1/nodes/foreign").fault() == "Node foreign could not be found.");
        CHECK(get("/v1/nodes/nothing").status == 404);
    }
    SECTION("access data of a volume is redacted")
    {
        const auto properties = [&](const std::string& role, const std::string& project) {
            const Answer answer =
                get("/v1/volume/targets/" + estate.ident("owned", Subject::VolumeTarget), role, project);
            INFO(answer.text);
            return answer.body.at("properties");
        };
        CHECK_THAT(properties("manager", "web").at("redacted_contents").get<std::string>(),
                   Contains("baremetal:volume:view_target_properties"));
        CHECK(properties("admin", "web") == json::object());
        CHECK(properties("reader", "") == json::object());
        const json targets = get("/v1/volume/targets?detail=true").body.at("targets");
        CHECK(targets.size() == 2);
        for (const json& target : targets)
            CHECK(target.at("properties").contains("redacted_contents"));
    }
    SECTION("making")
    {
        const json node{{"name", "new"}, {"driver", "fake-hardware"}};
        CHECK(send("POST", "/v1/nodes", node, "manager").status == 403);
        CHECK(send("POST", "/v1/nodes", node, "admin").body.at("owner") == "web");
        json others = node;
        others["name"] = "other";
        others["owner"] = "infra";
        CHECK(send("POST", "/v1/nodes", others, "admin").status == 403);
        const auto port = [](const std::string& name, const std::string& mac) {
            return json{{"node_uuid", name}, {"address", "52:54:00:00:01:0" + mac}};
        };
        CHECK(send("POST", "/v1/ports", port("owned", "1"), "manager").status == 201);
        CHECK(send("POST", "/v1/ports", port("owned", "2"), "member").status == 403);
        CHECK(send("POST", "/v1/ports", port("leased", "3"), "admin").status == 403);
        CHECK(send("POST", "/v1/ports", port("foreign", "4"), "admin").status == 400);
        CHECK(send("POST", "/v1/portgroups", {{"node_uuid", "leased"}, {"name", "g"}}, "admin").status ==
              403);
        CHECK(send("POST", "/v1/allocations", {{"resource_class", "x"}, {"name", "b"}}, "member")
                  .body.at("owner") == "web");
        CHECK(
            send("POST", "/v1/allocations", {{"resource_class", "x"}, {"owner", "infra"}}, "admin").status ==
            403);
        CHECK(send("DELETE", "/v1/nodes/new", nullptr, "manager").status == 403);
        CHECK(send("DELETE", "/v1/nodes/new", nullptr, "admin").status == 204);
        CHECK(send("DELETE", "/v1/nodes/leased", nullptr, "admin").status == 403);
    }
    SECTION("a stored password belongs to the address that it is for")
    {
        const json info{
            {"ipmi_address", "192.0.2.7"}, {"ipmi_username", "root"}, {"ipmi_password", "s3cret"}};
        estate.made("/v1/nodes",
                    {{"name", "bmc"}, {"driver", "ipmi"}, {"owner", "web"}, {"driver_info", info}});
        const auto patched = [&](const json& patch, const std::string& project = "web") {
            return send("PATCH", "/v1/nodes/bmc", patch, "admin", project);
        };
        const auto add = [](const std::string& key, const json& value) {
            return json{{"op", "add"}, {"path", "/driver_info" + key}, {"value", value}};
        };
        json masked = info;
        masked["ipmi_password"] = "******";
        masked["ipmi_address"] = "192.0.2.66";
        for (const json& change : {add("/ipmi_address", "192.0.2.66"), add("/ipmi_port", 6230),
                                   add("/ipmi_cipher_suite", 3), add("", masked)}) {
            const Answer answer = patched(json::array({change}));
            INFO(change.dump() << " " << answer.text);
            CHECK(answer.status == 400);
            CHECK_THAT(answer.text, Contains("driver_info/ipmi_password"));
        }
        CHECK(patched(json::array({add("/ipmi_username", "operator")})).status == 200);
        CHECK(patched(json::array({add("/ipmi_address", "192.0.2.66"), add("/ipmi_password", "theirs")}))
                  .status == 200);
        CHECK(patched(json::array({add("/ipmi_address", "192.0.2.67")}), "").status == 200); // an operator
        CHECK(patched(json::array({{{"op", "remove"}, {"path", "/driver_info/ipmi_password"}},
                                   add("/ipmi_address", "192.0.2.68")}))
                  .status == 200);
        CHECK(patched(json::array({add("/ipmi_address", "192.0.2.69")})).status == 200); // nothing is stored
    }
    SECTION("fields of a node have rules of their own")
    {
        const auto patched = [&](const std::string& node, const std::string& role, const std::string& path,
                                 const json& value, const std::string& project = "web") {
            const Answer answer =
                send("PATCH", "/v1/nodes/" + node,
                     json::array({{{"op", "add"}, {"path", path}, {"value", value}}}), role, project);
            INFO(answer.text);
            return answer.status;
        };
        CHECK(patched("owned", "reader", "/extra/a", "b") == 403);
        CHECK(patched("owned", "member", "/extra/a", "b") == 200);
        CHECK(patched("leased", "member", "/extra/a", "b") == 200);
        CHECK(patched("leased", "member", "/driver_info/ipmi_address", "10.0.0.1") == 403);
        CHECK(patched("leased", "admin", "/driver_info/ipmi_address", "10.0.0.1") == 403);
        CHECK(patched("owned", "member", "/driver_info/ipmi_address", "10.0.0.1") == 200);
        CHECK(patched("owned", "member", "/power_interface", "fake") == 403);
        CHECK(patched("owned", "manager", "/power_interface", "fake") == 200);
        CHECK(patched("leased", "member", "/instance_info/a", "b") == 403);
        CHECK(patched("leased", "manager", "/instance_info/a", "b") == 200);
        CHECK(patched("owned", "admin", "/owner", "shop") == 403);
        CHECK(patched("owned", "member", "/lessee", "other") == 200);
        CHECK(patched("owned", "admin", "/automated_clean", false) == 403);
        CHECK(patched("owned", "admin", "/automated_clean", true) == 200);
        CHECK(patched("owned", "admin", "/shard", "s") == 403);
        CHECK(patched("foreign", "admin", "/extra/a", "b") == 404);
        CHECK(patched("owned", "member", "/shard", "s", "") == 403);
        CHECK(patched("owned", "member", "/owner", "shop", "") == 200);
        CHECK(patched("owned", "member", "/extra/a", "b") == 404); // the project shop owns it now
    }
    SECTION("verbs refuse runbooks of other projects")
    {
        const auto cleaned = [&](const std::string& runbook, const std::string& role) {
            return send("PUT", "/v1/nodes/owned/states/provision",
                        {{"target", "clean"}, {"runbook", runbook}}, role);
        };
        CHECK_THAT(cleaned("CUSTOM_FOREIGN", "manager").fault(), Contains("could not be found"));
        CHECK_THAT(cleaned("CUSTOM_OWNED", "member").fault(), Contains("baremetal:runbook:use"));
        CHECK_THAT(cleaned("CUSTOM_OWNED", "manager").fault(), !Contains("baremetal:runbook:use"));
        CHECK_THAT(send("PUT", "/v1/nodes/owned/states/provision", {{"target", "manage"}}, "reader").fault(),
                   Contains("baremetal:node:set_provision_state"));
        CHECK(send("PUT", "/v1/nodes/owned/states/provision", {{"target", "manage"}}, "member").status ==
              202);
        CHECK(send("PUT", "/v1/nodes/leased/states/provision", {{"target", "manage"}}, "member").status ==
              403);
        CHECK(send("PUT", "/v1/nodes/leased/states/power", {{"target", "power on"}}, "member").status == 202);
    }
}
