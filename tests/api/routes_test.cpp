// All routes of Ironic's API by microversion, and the shapes of its newest reference documents.
#include "tests/api/api_world.h"
#include "tests/wire/samples.h"

#include "common/wire/resources/versions.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace bm;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const std::string kNewest = wire::toText(wire::kMaxVersion);

struct IronicRoute {
    std::string method;
    std::string path;
    int since = 1;
};

/// Parses tests/data/ironic-routes.txt: "GET /v1/allocations/{id} 1.52".
std::vector<IronicRoute> ironicRoutes()
{
    std::ifstream file(tests::dataFolder() + "/ironic-routes.txt");
    std::vector<IronicRoute> routes;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#')
            continue;
        std::istringstream words(line);
        IronicRoute route;
        std::string version;
        words >> route.method >> route.path >> version;
        if (!version.empty())
            route.since = std::stoi(version.substr(2));
        routes.push_back(route);
    }
    return routes;
}

/// One resource of each kind, so that each route finds one.
class Furnished {
public:
    Furnished()
    {
        const auto made = [this](const std::string& path, const json& body) {
            const Answer answer = world.send("POST", path, body, kNewest);
            INFO(path << " " << answer.text);
            REQUIRE(answer.status == 201);
            return answer.body.at("uuid").get<std::string>();
        };
        node = made("/v1/nodes", {{"name", "n1"}, {"driver", "fake-hardware"}});
        const json steps = json::array(
            {{{"interface", "bios"}, {"step", "factory_reset"}, {"args", json::object()}, {"priority", 1}}});
        json ordered = steps;
        ordered[0].erase("priority");
        ordered[0]["order"] = 1;
        ids["/v1/nodes"] = node;
        ids["/v1/ports"] = made("/v1/ports", {{"node_uuid", node},
                                              {"address", "52:54:00:00:00:01"},
                                              {"name", "p"},
                                              {"description", "d"},
                                              {"vendor", "v"},
                                              {"category", "c"},
                                              {"physical_network", "x"}});
        ids["/v1/portgroups"] = made("/v1/portgroups", {{"node_uuid", node},
                                                        {"name", "pg"},
                                                        {"address", "52:54:00:00:00:02"},
                                                        {"physical_network", "x"},
                                                        {"category", "c"}});
        ids["/v1/chassis"] = made("/v1/chassis", {{"description", "d"}});
        ids["/v1/volume/connectors"] =
            made("/v1/volume/connectors", {{"node_uuid", node}, {"type", "iqn"}, {"connector_id", "iqn.x"}});
        ids["/v1/volume/targets"] =
            made("/v1/volume/targets",
                 {{"node_uuid", node}, {"boot_index", 0}, {"volume_id", "v"}, {"volume_type", "iscsi"}});
        ids["/v1/allocations"] = made("/v1/allocations", {{"resource_class", "x"}, {"name", "a"}});
        ids["/v1/deploy_templates"] = made("/v1/deploy_templates", {{"name", "CUSTOM_T"}, {"steps", steps}});
        ids["/v1/runbooks"] = made("/v1/runbooks", {{"name", "CUSTOM_B"}, {"steps", ordered}});
        ids["/v1/inspection_rules"] = made(
            "/v1/inspection_rules",
            {{"description", "r"}, {"actions", json::array({{{"op", "log"}, {"args", {{"msg", "m"}}}}})}});
    }

    /// @p route with existing names in place of its parameters.
    std::string filled(const IronicRoute& route) const
    {
        std::string path = route.path.substr(0, route.path.find('?'));
        for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{')) {
            const std::size_t close = path.find('}', open);
            path.replace(open, close - open + 1,
                         valueOf(path.substr(0, open - 1), path.substr(open + 1, close - open - 1)));
        }
        return path + (route.path.find('?') == std::string::npos ? "" : "?method=third_method_sync");
    }

    ApiWorld world;
    std::string node;
    std::map<std::string, std::string> ids;

private:
    std::string valueOf(const std::string& before, const std::string& name) const
    {
        if (const auto found = ids.find(before); found != ids.end())
            return found->second;
        static const std::map<std::string, std::string> kOthers{
            {"hostname", "localhost"},
            {"name", "fake-hardware"},
            {"trait", "CUSTOM_X"},
            {"component", "system"},
            {"indicator", "led"},
            {"setting", "x"},
            {"vif", "v1"},
            {"uuid", "00000000-0000-4000-8000-000000000001"}};
        if (name == "node")
            return node;
        return kOthers.at(name);
    }
};

/// True if the router knows the path: its own 404 differs from a resource's.
bool isRouted(const Answer& answer)
{
    if (answer.status != 404 && answer.status != 405)
        return true;
    const json inner = json::parse(answer.body.is_object() ? answer.body.value("error_message", "{}") : "{}",
                                   nullptr, false);
    return inner.contains("faultstring");
}

/// The first and the last minor, those around @p route's first one, and every fourth. The routes take turns,
/// so that each minor meets a quarter of them.
std::set<int> askedMinors(const IronicRoute& route, int turn)
{
    constexpr int kLast = wire::kMaxVersion.minor;
    std::set<int> minors{1, kLast};
    for (int minor = 1; minor <= kLast; ++minor)
        if (std::abs(minor - route.since) <= 1 || (minor + turn) % 4 == 0)
            minors.insert(minor);
    return minors;
}

} // namespace

TEST_CASE("every route of Ironic exists from its microversion on", "[api][routes]")
{
    const std::vector<IronicRoute> routes = ironicRoutes();
    REQUIRE(routes.size() > 120);
    const Furnished furnished;
    ApiWorld& world = const_cast<ApiWorld&>(furnished.world);
    for (std::size_t r = 0; r < routes.size(); ++r) {
        const IronicRoute& route = routes[r];
        const std::string path = furnished.filled(route);
        const std::string method = route.method == "ANY" ? "POST" : route.method;
        const bool harmless = method == "GET";
        for (const int minor :
             harmless ? askedMinors(route, static_cast<int>(r)) : std::set<int>{1, wire::kMaxVersion.minor}) {
            INFO(method << " " << path << " at 1." << minor);
            // An empty body or none: the handler of a changing request refuses it.
            const std::string body = harmless || method == "DELETE" ? "" : "[]";
            if (method == "DELETE" && minor >= route.since)
                break; // covered by a test of its own
            const Answer answer = world.ask(method, path, body, "1." + std::to_string(minor));
            CHECK(answer.status < 500);
            if (minor >= route.since)
                CHECK(isRouted(answer));
            else
                CHECK((answer.status == 404 || answer.status == 405 || answer.status == 406 ||
                       answer.status == 400));
            if (answer.headers.contains("x-openstack-ironic-api-version"))
                CHECK(answer.headers.at("x-openstack-ironic-api-version") == "1." + std::to_string(minor));
        }
    }
    const std::string document = world.get("/v1/openapi.json", kNewest).text;
    const json openapi = json::parse(document);
    CHECK(openapi.at("openapi") == "3.1.0");
    CHECK(openapi.at("paths").at("/v1/nodes/{ident}").contains("patch"));
    CHECK(openapi.at("components").at("schemas").at("Node").at("properties").at("shard").at("x-since") ==
          "1.82");
    const json& policy = openapi.at("paths").at("/v1/nodes/{ident}/states/power").at("put").at("x-policy");
    CHECK(policy == json{{"rule", "baremetal:node:set_power_state"},
                         {"system", "member"},
                         {"owner", "member"},
                         {"lessee", "member"}});
    CHECK(openapi.at("components").at("schemas").at("Port").at("properties").at("pxe_enabled").at("type") ==
          "boolean");
}

TEST_CASE("a field is shown from its microversion on", "[api][routes]")
{
    struct Since {
        const char* resource;
        const char* field;
        int minor;
    };
    constexpr auto kFields = std::to_array<Since>({
        {"/v1/ports", "uuid", 1},
        {"/v1/ports", "internal_info", 18},
        {"/v1/ports", "local_link_connection", 19},
        {"/v1/ports", "pxe_enabled", 19},
        {"/v1/ports", "portgroup_uuid", 24},
        {"/v1/ports", "physical_network", 34},
        {"/v1/ports", "is_smartnic", 53},
        {"/v1/ports", "name", 88},
        {"/v1/ports", "description", 97},
        {"/v1/ports", "vendor", 100},
        {"/v1/ports", "category", 101},
        {"/v1/ports", "available_for_dynamic_portgroup", 111},
        {"/v1/portgroups", "standalone_ports_supported", 23},
        {"/v1/portgroups", "mode", 23},
        {"/v1/portgroups", "properties", 23},
        {"/v1/portgroups", "physical_network", 102},
        {"/v1/portgroups", "category", 103},
        {"/v1/portgroups", "dynamic_portgroup", 111},
        {"/v1/allocations", "owner", 60},
        {"/v1/runbooks", "description", 112},
    });
    Furnished furnished;
    for (const Since& row : kFields)
        for (int minor = row.minor - 1; minor <= row.minor; ++minor) {
            INFO(row.resource << " " << row.field << " at 1." << minor);
            const Answer answer =
                furnished.world.get(std::string(row.resource) + "/" + furnished.ids.at(row.resource),
                                    "1." + std::to_string(minor));
            const bool shown = answer.status == 200 && answer.body.contains(row.field);
            CHECK(shown == (minor >= row.minor));
        }
}

TEST_CASE("a port is available for grouping by default", "[api][ports]")
{
    Furnished furnished;
    ApiWorld& world = furnished.world;
    const std::string path = "/v1/ports/" + furnished.ids.at("/v1/ports");
    const json patch =
        json::array({{{"op", "replace"}, {"path", "/available_for_dynamic_portgroup"}, {"value", false}}});
    CHECK(world.get(path, "1.111").body.at("available_for_dynamic_portgroup") == true);
    CHECK(world.send("PATCH", path, patch, "1.110").status == 406);
    CHECK(world.send("PATCH", path, patch, "1.111").body.at("available_for_dynamic_portgroup") == false);
    CHECK(world.get(path, "1.111").body.at("available_for_dynamic_portgroup") == false);
}

TEST_CASE("fields and types equal those in Ironic's newest documents", "[api][routes]")
{
    Furnished furnished;
    ApiWorld& world = furnished.world;
    std::ifstream file(tests::dataFolder() + "/ironic-latest-shapes.json");
    const json shapes = json::parse(file);
    const auto one = [&](const std::string& path) { return world.get(path, kNewest).body; };
    const auto of = [&](const std::string& resource) {
        return one(resource + "/" + furnished.ids.at(resource));
    };
    const std::map<std::string, json> ours{
        {"node", of("/v1/nodes")},
        {"states", one("/v1/nodes/n1/states")},
        {"port", of("/v1/ports")},
        {"portgroup", of("/v1/portgroups")},
        {"chassis", of("/v1/chassis")},
        {"volume_connector", of("/v1/volume/connectors")},
        {"volume_target", of("/v1/volume/targets")},
        {"allocation", of("/v1/allocations")},
        {"deploy_template", of("/v1/deploy_templates")},
        {"runbook", of("/v1/runbooks")},
        {"inspection_rule", of("/v1/inspection_rules")},
        {"conductor", one("/v1/conductors/localhost")},
        {"driver", one("/v1/drivers").at("drivers").at(0)},
        {"shard", one("/v1/shards").at("shards").at(0)},
    };
    for (const auto& [name, shown] : ours)
        for (const auto& [field, type] : shapes.at(name).items()) {
            INFO(name << "." << field);
            if (!shown.contains(field)) {
                FAIL_CHECK("missing");
                continue;
            }
            const json& value = shown.at(field);
            if (!value.is_null() && type != "null")
                CHECK(std::string(value.type_name()) == type);
        }
}

TEST_CASE("every route of Ironic exists without /v1, by the same handler", "[api][routes]")
{
    const Furnished furnished;
    ApiWorld& world = const_cast<ApiWorld&>(furnished.world);
    for (const IronicRoute& route : ironicRoutes()) {
        if (route.method != "GET" || route.path == "/" || route.path == "/v1/")
            continue;
        const std::string path = furnished.filled(route);
        INFO(path);
        const Answer answer = world.get(path, kNewest), bare = world.get(path.substr(3), kNewest);
        CHECK(bare.status == answer.status);
        CHECK(bare.fault() == answer.fault());
        CHECK(bare.headers.count("x-openstack-ironic-api-version") == 1);
    }
    CHECK(world.get("/").body.contains("versions"));
    CHECK(world.get("/nodes?limit=0").status == 400);
    CHECK(world.get("/nodes", "9.9").status == 406);
    const Answer made = world.send("POST", "/nodes", {{"driver", "fake-hardware"}, {"name", "bare"}});
    CHECK(made.status == 201);
    CHECK(world.send("PUT", "/nodes/bare/states/power", {{"target", "power on"}}).status == 202);
    CHECK(world.ask("DELETE", "/nodes/nobody", "").status == 404);
    CHECK(world.ask("DELETE", "/nodes", "").status == 405);
    CHECK(world.get("/v1/v1/nodes").status == 404);
}

TEST_CASE("a node's sub-resources stand before the node, too", "[api][routes]")
{
    Furnished furnished;
    ApiWorld& world = furnished.world;
    const std::string node = furnished.node;
    for (const std::string sub :
         {"states", "states/console", "management/boot_device", "management/indicators"}) {
        INFO(sub);
        const json shown = world.get("/v1/nodes/" + node + "/" + sub).body;
        REQUIRE(shown.is_object());
        CHECK(world.get("/v1/nodes/" + sub + "/" + node).body == shown);
        CHECK(world.get("/nodes/" + sub + "/n1").body.size() == shown.size());
        CHECK(world.get("/v1/nodes/" + sub + "?node_ident=" + node).body == shown);
    }
    for (const std::string& path : std::vector<std::string>{
             "management/boot_device/" + node + "/supported",
             "management/boot_device/supported?node_ident=" + node, "vendor_passthru/" + node + "/methods",
             "vendor_passthru/methods?node_ident=" + node, "validate?node=n1", "validate?node_uuid=" + node,
             "management/indicators/" + node + "/led@system", node + "/management/indicators/led@system"}) {
        INFO(path);
        CHECK(world.get("/v1/nodes/" + path).status == 200);
    }
    struct Change {
        const char* method;
        std::string path;
        json body;
        int status;
    };
    for (const Change& change : {Change{"PUT", "states/power/", {{"target", "power on"}}, 202},
                                 Change{"PUT", "states/provision/", {{"target", "nonsense"}}, 400},
                                 Change{"PUT", "states/raid/", json::object(), 204},
                                 Change{"PUT", "states/console/", {{"enabled", false}}, 202},
                                 Change{"PUT", "maintenance/", {{"reason", "r"}}, 202},
                                 Change{"DELETE", "maintenance/", nullptr, 202},
                                 Change{"PUT", "management/boot_device/", {{"boot_device", "pxe"}}, 204}}) {
        world.world.runUntilIdle();
        INFO(change.method << " " << change.path);
        const std::string body = change.body.is_null() ? "" : change.body.dump();
        CHECK(world.ask(change.method, "/v1/nodes/" + change.path + node, body).status == change.status);
    }
    CHECK(world.get("/v1/nodes/states/nobody").status == 404);
    CHECK(world.get("/v1/nodes/states").status == 404);
}

TEST_CASE("a word that stands in place of a node is no node's name", "[api][routes]")
{
    Furnished furnished;
    ApiWorld& world = furnished.world;
    const json openapi = world.get("/v1/openapi.json", kNewest).body;
    std::set<std::string> words{"states", "management", "maintenance", "vendor_passthru", "validate"};
    for (const auto& [path, methods] : openapi.at("paths").items())
        if (path.starts_with("/v1/nodes/") && !path.starts_with("/v1/nodes/{"))
            words.insert(path.substr(std::string("/v1/nodes/").size()));
    CHECK(words.contains("detail"));
    for (const std::string& word : words) {
        const Answer answer = world.send("POST", "/v1/nodes", {{"driver", "fake-hardware"}, {"name", word}});
        CHECK(answer.status == 400);
        CHECK(answer.fault().find("The word \"" + word +
                                  "\" is reserved and can not be used as a node name") != std::string::npos);
        const json rename = json::array({{{"op", "replace"}, {"path", "/name"}, {"value", word}}});
        CHECK(world.send("PATCH", "/v1/nodes/" + furnished.node, rename).status == 400);
    }
}

TEST_CASE("a chassis lists its nodes", "[api][routes]")
{
    Furnished furnished;
    ApiWorld& world = furnished.world;
    const std::string chassis = furnished.ids.at("/v1/chassis");
    for (const char* const name : {"c1", "c2"})
        REQUIRE(world
                    .send("POST", "/v1/nodes",
                          {{"driver", "fake-hardware"}, {"name", name}, {"chassis_uuid", chassis}})
                    .status == 201);
    const json nodes = world.get("/v1/chassis/" + chassis + "/nodes").body.at("nodes");
    CHECK(nodes.size() == 2);
    CHECK_FALSE(nodes.at(0).contains("driver_info"));
    CHECK(world.get("/chassis/" + chassis + "/nodes/detail").body.at("nodes").at(1).contains("driver_info"));
    const json page = world.get("/v1/chassis/" + chassis + "/nodes?limit=1&fields=name").body;
    CHECK(page.at("nodes").size() == 1);
    const std::string next = page.at("next");
    CHECK(next.find("chassis_uuid=" + chassis) != std::string::npos);
    CHECK(world.get(next.substr(next.find("/v1"))).body.at("nodes").at(0).at("name") == "c2");
    const std::string none = "11111111-2222-4333-8444-555555555555";
    CHECK(world.get("/v1/chassis/" + none + "/nodes").fault() == "Chassis " + none + " could not be found.");
    CHECK(world.get("/v1/nodes?chassis_uuid=" + none).status == 404);
}

TEST_CASE("a request with a version that is too old gets Ironic's answer for its method", "[api][routes]")
{
    struct Row {
        const char* path; ///< below a node, or of its own
        int since;
        std::map<std::string, int> statuses; ///< by method
    };
    const std::map<std::string, int> changes{{"GET", 404}, {"POST", 405}},
        item{{"GET", 404}, {"PATCH", 405}, {"DELETE", 405}};
    const std::vector<Row> rows{
        {"/v1/nodes/n1/traits", 37, {{"GET", 406}, {"PUT", 405}, {"DELETE", 404}}},
        {"/v1/nodes/n1/traits/CUSTOM_X", 37, {{"PUT", 405}, {"DELETE", 404}}},
        {"/v1/nodes/n1/bios", 40, {{"GET", 404}}},
        {"/v1/nodes/n1/bios/x", 40, {{"GET", 404}}},
        {"/v1/nodes/n1/vifs", 28, {{"GET", 404}, {"POST", 404}}},
        {"/v1/nodes/n1/vifs/v", 28, {{"DELETE", 404}}},
        {"/v1/nodes/n1/history", 78, {{"GET", 404}}},
        {"/v1/nodes/n1/inventory", 81, {{"GET", 404}}},
        {"/v1/nodes/n1/allocation", 52, {{"GET", 404}, {"DELETE", 404}}},
        {"/v1/nodes/n1/portgroups", 24, {{"GET", 404}}},
        {"/v1/nodes/n1/volume", 32, {{"GET", 404}}},
        {"/v1/nodes/n1/firmware", 86, {{"GET", 404}}},
        {"/v1/nodes/n1/children", 83, {{"GET", 404}}},
        {"/v1/nodes/n1/vmedia", 89, {{"GET", 404}, {"POST", 404}, {"DELETE", 404}}},
        {"/v1/nodes/n1/management/inject_nmi", 29, {{"PUT", 404}}},
        {"/v1/nodes/n1/states/raid", 12, {{"PUT", 406}}},
        {"/v1/nodes/n1/states/boot_mode", 76, {{"PUT", 404}}},
        {"/v1/nodes/n1/states/secure_boot", 76, {{"PUT", 404}}},
        {"/v1/drivers/fake-hardware/raid/logical_disk_properties", 12, {{"GET", 406}}},
        {"/v1/portgroups", 23, {{"GET", 404}, {"POST", 404}}},
        {"/v1/portgroups/x", 23, {{"GET", 404}, {"PATCH", 404}, {"DELETE", 404}}},
        {"/v1/volume/connectors/x", 32, {{"GET", 404}, {"PATCH", 404}, {"DELETE", 404}}},
        {"/v1/conductors", 49, {{"GET", 404}}},
        {"/v1/shards", 82, {{"GET", 404}}},
        {"/v1/lookup", 22, {{"GET", 404}}},
        {"/v1/heartbeat/n1", 22, {{"POST", 404}}},
        {"/v1/allocations", 52, changes},
        {"/v1/allocations/x", 52, item},
        {"/v1/allocations/x", 57, {{"PATCH", 405}}},
        {"/v1/deploy_templates", 55, changes},
        {"/v1/deploy_templates/x", 55, item},
        {"/v1/runbooks", 92, changes},
        {"/v1/runbooks/x", 92, item},
        {"/v1/inspection_rules", 96, changes},
        {"/v1/inspection_rules/x", 96, item},
    };
    ApiWorld world;
    REQUIRE(world.send("POST", "/v1/nodes", {{"name", "n1"}, {"driver", "fake-hardware"}}).status == 201);
    for (const Row& row : rows)
        for (const auto& [method, status] : row.statuses)
            for (const int minor : {1, row.since - 1}) {
                INFO(method << " " << row.path << " at 1." << minor);
                const std::string body = method == "GET" || method == "DELETE" ? "" : "{}";
                const Answer answer = world.ask(method, row.path, body, "1." + std::to_string(minor));
                CHECK(answer.status == status);
                if (status == 406)
                    CHECK(answer.fault() == "Request not acceptable.");
                CHECK(answer.headers.at("x-openstack-ironic-api-version") == "1." + std::to_string(minor));
            }
    CHECK(world.get("/v1/nodes?fields=traits", "1.36").status == 406);
    CHECK(world.get("/v1/nodes/n1?fields=traits", "1.36").status == 406);
    CHECK(world.send("POST", "/v1/deploy_templates", json::object(), "1.54").fault() ==
          "The API version does not allow deploy templates");
}
