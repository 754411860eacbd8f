// The queries of Ironic's routes: names, types and versions of arguments, as Ironic 21.4 answers.
#include "tests/api/api_world.h"

#include "common/wire/resources/versions.h"
#include "tests/support/places.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace bm;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

const std::string kLatest = wire::toText(wire::kMaxVersion);
const std::string kUnknownUuid = "11111111-2222-4333-8444-555555555555";

/// A node "n1" with two ports and a portgroup "pg".
class QueriedWorld {
public:
    QueriedWorld()
    {
        node = made("/v1/nodes", {{"name", "n1"}, {"driver", "fake-hardware"}});
        group =
            made("/v1/portgroups", {{"node_uuid", node}, {"name", "pg"}, {"address", "52:54:00:00:00:09"}});
        made("/v1/ports", {{"node_uuid", node}, {"address", "52:54:00:00:00:02"}, {"portgroup_uuid", group}});
        made("/v1/ports", {{"node_uuid", node}, {"address", "52:54:00:00:00:01"}});
    }
    ApiWorld world;
    std::string node;
    std::string group;

private:
    std::string made(const std::string& path, const json& body)
    {
        const Answer answer = world.send("POST", path, body, kLatest);
        INFO(path << " " << answer.text);
        REQUIRE(answer.status == 201);
        return answer.body.at("uuid");
    }
};

const std::vector<std::string>& queriedLists()
{
    static const std::vector<std::string> paths{"/v1/nodes",
                                                "/v1/nodes/detail",
                                                "/v1/chassis",
                                                "/v1/chassis/detail",
                                                "/v1/ports",
                                                "/v1/ports/detail",
                                                "/v1/nodes/n1/ports",
                                                "/v1/nodes/n1/ports/detail",
                                                "/v1/portgroups",
                                                "/v1/portgroups/detail",
                                                "/v1/nodes/n1/portgroups",
                                                "/v1/portgroups/pg/ports",
                                                "/v1/volume/connectors",
                                                "/v1/volume/targets",
                                                "/v1/nodes/n1/volume/connectors",
                                                "/v1/nodes/n1/volume/targets",
                                                "/v1/allocations",
                                                "/v1/deploy_templates",
                                                "/v1/conductors",
                                                "/v1/runbooks",
                                                "/v1/inspection_rules"};
    return paths;
}

void refusesQuery(ApiWorld& world, const std::string& path, const std::string& phrase, int status = 400,
                  const std::string& version = kLatest)
{
    const Answer answer = world.get(path, version);
    INFO(path << " at " << version << ": " << answer.text);
    CHECK(answer.status == status);
    CHECK_THAT(answer.fault(), Catch::Matchers::Contains(phrase));
}

} // namespace

TEST_CASE("no route of Ironic ignores an argument", "[api][query]")
{
    QueriedWorld furnished;
    ApiWorld& world = furnished.world;
    std::ifstream file(tests::dataFolder() + "/ironic-routes.txt");
    int checked = 0;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string method, path;
        words >> method >> path;
        const bool open = path == "/" || path == "/v1/" || path.starts_with("/v1/lookup") ||
                          path.starts_with("/v1/heartbeat") || path == "/v1/continue_inspection";
        if (line.empty() || line.front() == '#' || open)
            continue;
        path = path.substr(0, path.find('?'));
        for (std::size_t at = path.find('{'); at != std::string::npos; at = path.find('{'))
            path.replace(at, path.find('}') - at + 1,
                         path.find("drivers/{") != std::string::npos ? "fake-hardware" : "n1");
        INFO(method << " " << path);
        const std::string body = method == "GET" || method == "DELETE" ? "" : "{}";
        const Answer answer =
            world.ask(method == "ANY" ? "POST" : method, path + "?bad=1&worse=2", body, kLatest);
        CHECK(answer.status == 400);
        CHECK(answer.fault() == "Unexpected arguments: bad, worse");
        ++checked;
    }
    CHECK(checked > 110);
    CHECK(world.get("/v1/nodes/n1", kLatest).status == 200);
}

TEST_CASE("lists refuse values of another type, and repeated arguments", "[api][query]")
{
    QueriedWorld furnished;
    ApiWorld& world = furnished.world;
    for (const std::string& path : queriedLists()) {
        const bool byName = path == "/v1/deploy_templates" || path == "/v1/runbooks" ||
                            path == "/v1/conductors" || path == "/v1/inspection_rules";
        const bool detailed = path.ends_with("/detail");
        refusesQuery(world, path + "?limit=x", "Expected an integer for limit: x");
        refusesQuery(world, path + "?limit=", "Expected an integer for limit: ");
        refusesQuery(world, path + "?limit=1.5", "Expected an integer for limit: 1.5");
        refusesQuery(world, path + "?limit=0", "Limit must be positive");
        refusesQuery(world, path + "?limit=-1", "Limit must be positive");
        refusesQuery(world, path + "?limit=1&limit=2", "Expected an integer for limit: ['1', '2']");
        refusesQuery(world, path + "?marker=",
                     byName ? "Expected UUID or name for marker: " : "Expected UUID for marker: ");
        if (!byName)
            refusesQuery(world, path + "?marker=x", "Expected UUID for marker: x");
        refusesQuery(world, path + "?marker=" + kUnknownUuid, "could not be found.", 404);
        refusesQuery(world, path + "?sort_key=bad",
                     "The sort_key value \"bad\" is an invalid field for sorting");
        refusesQuery(world, path + "?sort_key=links", "is an invalid field for sorting");
        refusesQuery(world, path + "?sort_dir=DESC",
                     "Invalid sort direction: DESC. Acceptable values are 'asc' or 'desc'");
        for (const char* const good : {"?sort_key=", "?sort_dir=desc", "?limit=99999999999999999999",
                                       "?sort_key=id", "?sort_key=created_at&limit=1"}) {
            INFO(path << good);
            CHECK(world.get(path + good, kLatest).status == 200);
        }
        if (detailed) {
            refusesQuery(world, path + "?fields=uuid&detail=true", "Unexpected arguments: fields, detail");
            continue;
        }
        refusesQuery(world, path + "?detail=x",
                     "Invalid detail: Unrecognized value 'x', acceptable values are: '0'");
        refusesQuery(world, path + "?detail=", "Invalid detail: Unrecognized value ''");
        refusesQuery(world, path + "?fields=bad", "Field(s) \"bad\" are not valid");
        refusesQuery(world, path + "?fields=created_at&fields=uuid",
                     "Expected string for fields: ['created_at', 'uuid']");
        refusesQuery(world, path + "?fields=created_at&detail=true",
                     "Can not specify ?detail=True and fields in the same request.");
        for (const char* const good : {"?fields=", "?fields=created_at,", "?fields=%20CREATED_AT,created_at",
                                       "?fields=created_at&detail=false"}) {
            INFO(path << good);
            CHECK(world.get(path + good, kLatest).status == 200);
        }
    }
    for (const char* const flag : {"associated", "maintenance", "retired", "sharded"})
        refusesQuery(world, std::string("/v1/nodes?") + flag + "=x", std::string("Invalid ") + flag);
    for (const char* const uuid : {"instance_uuid", "chassis_uuid"})
        refusesQuery(world, std::string("/v1/nodes?") + uuid + "=x",
                     std::string("Expected UUID for ") + uuid + ": x");
    for (const char* const path :
         {"/v1/ports", "/v1/ports/detail", "/v1/portgroups", "/v1/portgroups/detail"}) {
        refusesQuery(world, std::string(path) + "?address=x", "Expected valid MAC address for address: x");
        refusesQuery(world, std::string(path) + "?node=", "Expected UUID or name for node: ");
    }
    refusesQuery(world, "/v1/ports?node_uuid=n1", "Expected UUID for node_uuid: n1");
    refusesQuery(world, "/v1/drivers?type=x", "\"type\" filter must be one of \"classic\" or \"dynamic\"");
}

TEST_CASE("fields= selects, in any case and with blanks; alone it leaves the links", "[api][query]")
{
    QueriedWorld furnished;
    ApiWorld& world = furnished.world;
    const auto keys = [&](const std::string& path) {
        std::string names;
        const json body = world.get(path, kLatest).body;
        const bool list = body.begin()->is_array() && !body.contains("links");
        const json& item = list ? body.begin()->at(0) : body;
        for (const auto& [name, value] : item.items())
            names += name + " ";
        return names;
    };
    for (const char* const path :
         {"/v1/nodes", "/v1/nodes/n1", "/v1/ports", "/v1/nodes/n1/ports", "/v1/portgroups/pg"}) {
        INFO(path);
        CHECK(keys(std::string(path) + "?fields=") == "links ");
        CHECK(keys(std::string(path) + "?fields=UUID,%20extra,,uuid") == "extra links uuid ");
    }
    CHECK(keys("/v1/conductors?fields=hostname,alive") == "alive hostname links ");
    CHECK(keys("/v1/conductors/localhost?fields=drivers") == "drivers links ");
    CHECK(keys("/v1/drivers/fake-hardware?fields=name") == "links name ");
    refusesQuery(world, "/v1/drivers/fake-hardware?fields=x,name,bad", "Field(s) \"bad, x\" are not valid");
}

TEST_CASE("arguments have a microversion, as fields have", "[api][query]")
{
    QueriedWorld furnished;
    ApiWorld& world = furnished.world;
    for (const char* const path : {"/v1/nodes", "/v1/nodes/n1", "/v1/ports", "/v1/chassis"}) {
        refusesQuery(world, std::string(path) + "?fields=uuid", "Request not acceptable.", 406, "1.7");
        CHECK(world.get(std::string(path) + "?fields=uuid", "1.8").status == 200);
    }
    for (const char* const path : {"/v1/nodes", "/v1/ports", "/v1/chassis", "/v1/portgroups"}) {
        refusesQuery(world, std::string(path) + "?detail=true",
                     "Invalid query parameter ?detail=True received.", 400, "1.42");
        CHECK(world.get(std::string(path) + "?detail=true", "1.43").status == 200);
    }
    CHECK(world.get("/v1/volume/connectors?detail=true", "1.32").status == 200);
    for (const char* const argument : {"detail=true", "fields=name"}) {
        refusesQuery(world, std::string("/v1/nodes/n1/bios?") + argument, "Invalid query parameter ?", 400,
                     "1.73");
        CHECK(world.get(std::string("/v1/nodes/n1/bios?") + argument, "1.74").status == 200);
    }
    for (const char* const argument : {"detail=true", "type=dynamic"}) {
        refusesQuery(world, std::string("/v1/drivers?") + argument, "Request not acceptable.", 406, "1.29");
        CHECK(world.get(std::string("/v1/drivers?") + argument, "1.30").status == 200);
    }
    for (const char* const path : {"/v1/drivers", "/v1/drivers/fake-hardware"}) {
        refusesQuery(world, std::string(path) + "?fields=name", "Request not acceptable.", 406, "1.76");
        CHECK(world.get(std::string(path) + "?fields=name", "1.77").status == 200);
    }
    for (const char* const free : {"description_contains=a", "retired=true", "project=a"})
        CHECK(world.get(std::string("/v1/nodes?") + free, "1.8").status == 200);
    refusesQuery(world, "/v1/nodes?sort_key=resource_class", "Request not acceptable.", 406, "1.20");
    refusesQuery(world, "/v1/ports?portgroup=pg", "does not allow portgroup", 404, "1.23");
}

TEST_CASE("ports are sorted by every plain field, and paged in that order", "[api][query]")
{
    QueriedWorld furnished;
    ApiWorld& world = furnished.world;
    for (const std::string& path : {std::string("/v1/ports"), "/v1/nodes/" + furnished.node + "/ports"}) {
        INFO(path);
        const json up = world.get(path + "?sort_key=address").body.at("ports");
        CHECK(up.at(0).at("address") == "52:54:00:00:00:01");
        const json down = world.get(path + "?sort_key=address&sort_dir=desc&limit=1").body;
        CHECK(down.at("ports").at(0).at("address") == "52:54:00:00:00:02");
        const std::string next = down.at("next");
        const json rest = world.get(next.substr(next.find("/v1"))).body;
        CHECK(rest.at("ports").at(0).at("address") == "52:54:00:00:00:01");
        CHECK_FALSE(rest.contains("next"));
    }
    CHECK(world.get("/v1/ports?portgroup=pg").body.at("ports").size() == 1);
    CHECK(world.get("/v1/ports?portgroup=" + furnished.group).body.at("ports").size() == 1);
    refusesQuery(world, "/v1/ports?portgroup=nobody", "Portgroup nobody could not be found.", 404);
    CHECK(world.get("/v1/ports?shard=a,b").body.at("ports").empty());
    const json shard = json::array({{{"op", "add"}, {"path", "/shard"}, {"value", "b"}}});
    REQUIRE(world.send("PATCH", "/v1/nodes/n1", shard, kLatest).status == 200);
    CHECK(world.get("/v1/ports?shard=a,b").body.at("ports").size() == 2);
    CHECK(world.get("/v1/ports/detail?shard=a").body.at("ports").empty());
    refusesQuery(world, "/v1/ports?shard=b", "Request not acceptable.", 406, "1.81");
    refusesQuery(world, "/v1/ports?shard=b&portgroup=pg", "Operation not permitted.", 403);
    refusesQuery(world, "/v1/ports?node=n1&portgroup=pg", "Operation not permitted.", 403);
}
