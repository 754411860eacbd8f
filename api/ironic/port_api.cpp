#include "api/ironic/port_api.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/resources/resolved_node.h"
#include "api/resources/resource_fields.h"
#include "common/model/error.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/resources/port_fields.h"
#include "conductor/core/nodes.h"
#include "conductor/resources/port_group_rules.h"
#include "db/repositories/repositories.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using model::Port;

namespace {

using Fields = wire::ResourceShape<Port>::Fields;
constexpr int kGroupSince = 24; ///< ports of portgroups

using Order = bool (*)(const Port&, const Port&);

/// The keys by which a list is sorted; ports with equal values keep the order of their creation.
constexpr auto kOrders = std::to_array<std::pair<std::string_view, Order>>({
    {"id", nullptr},
    {"created_at", nullptr},
    {"updated_at", [](const Port& a, const Port& b) { return a.updatedAt < b.updatedAt; }},
    {"uuid", [](const Port& a, const Port& b) { return a.id < b.id; }},
    {"address", [](const Port& a, const Port& b) { return a.mac.text < b.mac.text; }},
    {"node_uuid", [](const Port& a, const Port& b) { return a.node < b.node; }},
    {"portgroup_uuid", [](const Port& a, const Port& b) { return a.portGroup < b.portGroup; }},
    {"pxe_enabled", [](const Port& a, const Port& b) { return a.pxeEnabled < b.pxeEnabled; }},
    {"is_smartnic", [](const Port& a, const Port& b) { return a.isSmartNic < b.isSmartNic; }},
    {"physical_network", [](const Port& a, const Port& b) { return a.physicalNetwork < b.physicalNetwork; }},
    {"name", [](const Port& a, const Port& b) { return a.name < b.name; }},
    {"description", [](const Port& a, const Port& b) { return a.description < b.description; }},
    {"vendor", [](const Port& a, const Port& b) { return a.vendor < b.vendor; }},
    {"category", [](const Port& a, const Port& b) { return a.category < b.category; }},
});

/// The order of ?sort_key=; nullptr: that of creation. @throws Error InvalidInput
Order orderOf(const Request& request)
{
    const std::string key = sortKeyOf(request);
    const auto found = std::ranges::find(kOrders, key, &std::pair<std::string_view, Order>::first);
    if (found == kOrders.end())
        throw notSortable(key, "use a field that is a text, a number, a flag or a time");
    return found->second;
}

bool descends(const Request& request)
{
    return request.queryParam("sort_dir").value_or("asc") == "desc";
}

/// True if the database lists the ports in the order of @p request.
bool inOrderOfCreation(const Request& request)
{
    return orderOf(request) == nullptr && !descends(request);
}

/// @p ports, the oldest first, in the order of @p request, behind its marker. @throws Error NotFound
std::vector<Port> ordered(const Request& request, std::vector<Port> ports)
{
    if (const Order order = orderOf(request))
        std::ranges::stable_sort(ports, order);
    if (descends(request))
        std::ranges::reverse(ports);
    if (const std::optional<std::string> marker = request.queryParam("marker")) {
        const auto last = std::ranges::find(ports, model::PortId{*marker}, &Port::id);
        if (last == ports.end())
            throw Error(ErrorCode::NotFound, "Port " + *marker + " could not be found.",
                        "repeat the list without a marker");
        ports.erase(ports.begin(), std::next(last));
    }
    return ports;
}

/// @p ports: those of one page and one more
void sendList(const Request& request, Response& response, std::vector<Port> ports, const Fields& fields)
{
    const std::size_t limit = limitOf(request);
    const bool more = ports.size() > limit;
    if (more)
        ports.erase(ports.begin() + static_cast<std::ptrdiff_t>(limit), ports.end());
    wire::JsonWriter out;
    out.beginObject().key("ports").beginArray();
    for (const Port& port : ports)
        wire::portShape().write(out, port, request.localBase, fields);
    out.endArray();
    if (more)
        out.key("next").string(nextLink(request, limit, ports.back().id.uuid));
    response.sendJson(200, out.endObject().text());
}

/// The node of ?node=, if the actor may see it. @throws Error NotFound
model::Node nodeOfQuery(db::Transaction& tx, const Request& request, const std::string& ident)
{
    model::Node node = conductor::findNode(tx, ident);
    requireVisible(request, node, ident);
    return node;
}

/// The portgroup @p ident, if the actor may see its node. @throws Error NotFound, InvalidInput
model::PortGroup visibleGroup(const ApiParts& parts, const Request& request, const std::string& ident)
{
    model::PortGroup group =
        conductor::Resources<model::PortGroup>(parts.context, conductor::portGroupRules()).get(ident);
    if (!maySee(request, parts.nodes.get(group.node.uuid)))
        throw Error(ErrorCode::NotFound, "Portgroup " + ident + " could not be found.");
    return group;
}

/// Refuses a portgroup of a node that the actor may not see, as one that does not exist.
void requireVisibleGroup(const ApiParts& parts, const Request& request, const std::string& ident)
{
    if (request.grant.ofSystem() || ident.empty())
        return;
    try {
        visibleGroup(parts, request, ident);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound)
            throw;
        throw conductor::noSuchPortGroup(ident);
    }
}

/// The ports with ?address=, that is one or none.
std::vector<Port> withAddress(db::Transaction& tx, const Request& request, const std::string& address)
{
    const std::optional<model::MacAddress> mac = model::anyMacFromText(address);
    std::optional<Port> port = mac ? db::PortRepository{}.findByMac(tx, *mac) : std::nullopt;
    if (port && !maySee(request, conductor::findNode(tx, port->node.uuid)))
        port.reset();
    return port ? std::vector<Port>{*port} : std::vector<Port>{};
}

/// Refuses two filters that exclude each other, as Ironic does. @throws Error Forbidden
void requireOneFilter(const Request& request)
{
    const auto isGiven = [&](std::string_view name) {
        return !request.queryParam(name).value_or("").empty();
    };
    const bool node = isGiven("node") || isGiven("node_uuid");
    if (int{node} + int{isGiven("portgroup")} + int{isGiven("shard")} > 1)
        throw Error(ErrorCode::Forbidden, "Operation not permitted.",
                    "give one of node, portgroup and shard");
}

/// Those of @p ports whose nodes are in @p shards ("a,b").
std::vector<Port> inShards(db::Transaction& tx, std::vector<Port> ports, const std::string& shards)
{
    std::map<model::NodeId, bool> isIn;
    std::erase_if(ports, [&](const Port& port) {
        const auto [row, isNew] = isIn.try_emplace(port.node, false);
        if (isNew) {
            const std::string shard = conductor::findNode(tx, port.node.uuid).shard;
            row->second = !shard.empty() && ("," + shards + ",").find("," + shard + ",") != std::string::npos;
        }
        return !row->second;
    });
    return ports;
}

/// The ports that @p request selects, behind its marker. @param group of ?portgroup=
std::vector<Port> wantedPorts(db::Transaction& tx, const Request& request,
                              const std::optional<model::PortGroup>& group)
{
    const db::PortRepository ports;
    if (const std::optional<std::string> address = request.queryParam("address"))
        return ordered(request, withAddress(tx, request, *address));
    if (group)
        return ordered(request, ports.ofGroup(tx, group->id));
    std::optional<std::string> node = request.queryParam("node");
    if (!node)
        node = request.queryParam("node_uuid");
    if (node)
        return ordered(request, ports.ofNode(tx, nodeOfQuery(tx, request, *node).id));
    const std::string shards = request.queryParam("shard").value_or("");
    if (shards.empty() && inOrderOfCreation(request))
        return ports.list(tx, limitOf(request) + 1, request.queryParam("marker").value_or(""),
                          projectOf(request));
    constexpr std::size_t kAll = 1'000'000;
    std::vector<Port> all = ports.list(tx, kAll, "", projectOf(request));
    return ordered(request, shards.empty() ? std::move(all) : inShards(tx, std::move(all), shards));
}

} // namespace

void PortApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/ports", [this](Request& q, Response& a) { list(q, a, false); });
    router.add(Method::Get, "/v1/ports/detail", [this](Request& q, Response& a) { list(q, a, true); });
    router.add(Method::Post, "/v1/ports", [this](Request& q, Response& a) { create(q, a); });
    router.add(Method::Get, "/v1/ports/{ident}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Patch, "/v1/ports/{ident}", [this](Request& q, Response& a) { patch(q, a); });
    router.add(Method::Delete, "/v1/ports/{ident}", [this](Request& q, Response& a) { remove(q, a); });
    router.add(Method::Get, "/v1/nodes/{ident}/ports",
               [this](Request& q, Response& a) { ofNode(q, a, false); });
    router.add(Method::Get, "/v1/nodes/{ident}/ports/detail",
               [this](Request& q, Response& a) { ofNode(q, a, true); });
    router.add(Method::Get, "/v1/portgroups/{ident}/ports",
               [this](Request& q, Response& a) { ofGroup(q, a, false); });
    router.add(Method::Get, "/v1/portgroups/{ident}/ports/detail",
               [this](Request& q, Response& a) { ofGroup(q, a, true); });
}

void PortApi::list(Request& request, Response& response, bool detail) const
{
    constexpr int kShardSince = 82;
    const Fields fields = fieldsOf(wire::portShape(), request, detail);
    if (request.queryParam("shard"))
        requireVersion(request, kShardSince, "shard", TooOld::NotAcceptable);
    requireOneFilter(request);
    std::optional<model::PortGroup> group;
    if (const std::optional<std::string> ident = request.queryParam("portgroup")) {
        requireVersion(request, kGroupSince, "portgroup");
        group = visibleGroup(parts_, request, *ident);
    }
    sendList(request, response, parts_.context.database.read([&](db::Transaction& tx) {
        return wantedPorts(tx, request, group);
    }),
             fields);
}

void PortApi::ofNode(Request& request, Response& response, bool detail) const
{
    const Fields fields = fieldsOf(wire::portShape(), request, detail);
    const model::Node node = parts_.nodes.get(identOf(request));
    sendList(request, response, parts_.context.database.read([&](db::Transaction& tx) {
        return ordered(request, db::PortRepository{}.ofNode(tx, node.id));
    }),
             fields);
}

void PortApi::ofGroup(Request& request, Response& response, bool detail) const
{
    requireVersion(request, kGroupSince, "ports");
    const Fields fields = fieldsOf(wire::portShape(), request, detail);
    const conductor::Resources<model::PortGroup> groups(parts_.context, conductor::portGroupRules());
    const model::PortGroup group = groups.get(request.pathParam("ident"));
    sendList(request, response, parts_.context.database.read([&](db::Transaction& tx) {
        return ordered(request, db::PortRepository{}.ofGroup(tx, group.id));
    }),
             fields);
}

void PortApi::show(Request& request, Response& response) const
{
    const Fields fields = fieldsOf(wire::portShape(), request, true);
    const Port port = parts_.context.database.read(
        [&](db::Transaction& tx) { return findPort(tx, request.pathParam("ident")); });
    wire::JsonWriter out;
    wire::portShape().write(out, port, request.localBase, fields);
    response.sendJson(200, out.text());
}

void PortApi::create(Request& request, Response& response) const
{
    Port wanted = wire::portShape().fromCreate(jsonBody(request), versionOf(request));
    resolveNode(parts_, request, wanted);
    requireVisibleGroup(parts_, request, wanted.portGroup.uuid);
    const Port port = parts_.nodes.createPort(wanted, request.actor);
    wire::JsonWriter out;
    wire::portShape().write(out, port, request.localBase, wire::portShape().detail(versionOf(request)));
    response.header("Location", request.localBase + "/v1/ports/" + port.id.uuid);
    response.sendJson(201, out.text());
}

void PortApi::patch(Request& request, Response& response) const
{
    const nlohmann::json body = jsonBody(request);
    const wire::Version version = versionOf(request);
    wire::portShape().checkPatch(body, version); // before the port, as Ironic does
    const Port found = parts_.context.database.read(
        [&](db::Transaction& tx) { return findPort(tx, request.pathParam("ident")); });
    const auto change = [&](Port& changed) {
        const model::PortGroupId before = changed.portGroup;
        wire::portShape().patch(changed, body, version);
        if (changed.portGroup != before)
            requireVisibleGroup(parts_, request, changed.portGroup.uuid);
    };
    const Port port = parts_.nodes.updatePort(found.id, change, request.actor);
    wire::JsonWriter out;
    wire::portShape().write(out, port, request.localBase, wire::portShape().detail(version));
    response.sendJson(200, out.text());
}

void PortApi::remove(Request& request, Response& response) const
{
    const Port port = parts_.context.database.read(
        [&](db::Transaction& tx) { return findPort(tx, request.pathParam("ident")); });
    parts_.nodes.removePort(port.id, request.actor);
    response.sendEmpty(204);
}

} // namespace bm::api
