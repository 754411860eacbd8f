#include "api/own/node_batch.h"

#include "api/access/access.h"
#include "api/access/shown.h"
#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/resources/node_fields.h"
#include "common/wire/resources/port_fields.h"
#include "conductor/core/nodes.h"
#include "db/repositories/repositories.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using model::Node;
using model::Port;
using nlohmann::json;

namespace {

constexpr std::size_t kMostNodes = 10'000;

/// One checked entry of the request.
struct Entry {
    json fields; ///< the node's own, as for POST /v1/nodes
    std::vector<json> ports;
    Node node;
    std::vector<Port> parsedPorts;
};

Entry entryOf(const Request& request, const json& given, const model::InterfaceTable& interfaces)
{
    if (!given.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("a node: expected an object, got {}", wire::kindOf(given)));
    Entry entry{.fields = given, .ports = {}, .node = {}, .parsedPorts = {}};
    entry.fields.erase("ports");
    if (const json* ports = wire::memberOf(given, "ports")) {
        if (!ports->is_array())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("ports: expected a list, got {}", wire::kindOf(*ports)));
        entry.ports.assign(ports->begin(), ports->end());
    }
    requireNew(request, "/v1/nodes", entry.fields);
    entry.node = wire::nodeFromCreate(entry.fields, wire::kMaxVersion, interfaces);
    for (const json& port : entry.ports)
        entry.parsedPorts.push_back(wire::portShape().fromCreate(port, wire::kMaxVersion, {}, "node_uuid"));
    return entry;
}

/// The existing node of the entry, if any. @throws Error Conflict when its names refer to several nodes
std::optional<Node> existing(db::Transaction& tx, const Entry& entry)
{
    const db::NodeRepository nodes;
    std::optional<Node> found;
    const auto meet = [&](const std::optional<Node>& node, const std::string& by) {
        if (node && found && node->id != found->id)
            throw Error(ErrorCode::Conflict,
                        fmt::format("{} belongs to another node, {}", by,
                                    node->name.empty() ? node->id.uuid : node->name),
                        "the entry refers to two existing nodes");
        if (node)
            found = node;
    };
    if (!entry.node.id.empty())
        meet(nodes.find(tx, entry.node.id), "uuid " + entry.node.id.uuid);
    if (!entry.node.name.empty())
        meet(nodes.findByName(tx, entry.node.name), "name " + entry.node.name);
    for (const Port& port : entry.parsedPorts)
        if (const std::optional<Port> known = db::PortRepository{}.findByMac(tx, port.mac)) {
            const std::optional<Node> owner = nodes.find(tx, known->node);
            if (owner && !entry.node.name.empty() && !owner->name.empty() && owner->name != entry.node.name)
                throw Error(
                    ErrorCode::Conflict,
                    fmt::format("A port with MAC address {} already exists.", port.mac.text),
                    fmt::format("it belongs to node {}; rename that node first if it is the same machine",
                                owner->name));
            meet(owner, "MAC address " + port.mac.text);
        }
    return found;
}

/// Creates or updates one node as its entry says. @return "created", "updated" or "unchanged"
class Enrolment {
public:
    Enrolment(const ApiParts& parts, const Request& request)
        : parts_(parts), request_(request), actor_(request.actor)
    {}

    std::string run(const Entry& entry, Node& node)
    {
        std::optional<Node> found;
        std::vector<Port> ports;
        parts_.context.database.read([&](db::Transaction& tx) {
            found = existing(tx, entry);
            if (found)
                ports = db::PortRepository{}.ofNode(tx, found->id);
        });
        if (!found) {
            node = parts_.nodes.createWithPorts(entry.node, entry.parsedPorts, actor_);
            return "created";
        }
        node = *found;
        const bool nodeChanged = updateNode(entry, node);
        const bool portsChanged = updatePorts(entry, node, ports);
        return nodeChanged || portsChanged ? "updated" : "unchanged";
    }

private:
    bool updateNode(const Entry& entry, Node& node)
    {
        if (!entry.node.id.empty() && entry.node.id != node.id)
            throw Error(ErrorCode::Conflict,
                        fmt::format("the node with this name has the uuid {}", node.id.uuid));
        json access = json::object();
        for (const auto& [key, value] : conductor::driverTexts(parts_.context, node))
            access[key] = value;
        const model::InterfaceTable& interfaces = parts_.context.hardware.interfaces();
        Node wanted = node;
        if (wire::mergeNode(wanted, entry.fields, access, interfaces).empty())
            return false;
        const auto change = [&](Node& stored) {
            requireFields(request_, stored, entry.fields);
            wire::mergeNode(stored, entry.fields, access, interfaces);
        };
        node = parts_.nodes.update(node.id.uuid, change, actor_);
        return true;
    }

    bool updatePorts(const Entry& entry, const Node& node, const std::vector<Port>& present)
    {
        bool changed = false;
        for (std::size_t i = 0; i < entry.ports.size(); ++i) {
            Port wanted = entry.parsedPorts[i];
            const auto known = std::find_if(present.begin(), present.end(),
                                            [&](const Port& p) { return p.mac == wanted.mac; });
            if (known == present.end()) {
                wanted.node = node.id;
                parts_.nodes.createPort(wanted, actor_);
                changed = true;
                continue;
            }
            Port merged = *known;
            if (wire::portShape().merge(merged, entry.ports[i]).empty())
                continue;
            parts_.nodes.updatePort(
                known->id, [&](Port& stored) { wire::portShape().merge(stored, entry.ports[i]); }, actor_);
            changed = true;
        }
        return changed;
    }

    const ApiParts& parts_;
    const Request& request_;
    const std::string& actor_;
};

void writeError(wire::JsonWriter& out, const Error& error)
{
    out.key("result").string("error").key("error").beginObject();
    out.key("code")
        .string(model::toText(error.code()))
        .key("message")
        .string(error.message())
        .key("hint")
        .string(error.hint());
    out.endObject();
}

void enrolOne(wire::JsonWriter& out, const ApiParts& parts, const Request& request, const json& given)
{
    const bool hasName = given.is_object() && given.contains("name") && given["name"].is_string();
    out.beginObject().key("name").stringOrNull(hasName ? given["name"].get<std::string>() : "");
    try {
        Node node;
        const std::string result =
            Enrolment(parts, request).run(entryOf(request, given, parts.context.hardware.interfaces()), node);
        out.key("uuid").string(node.id.uuid).key("result").string(result);
    } catch (const Error& error) {
        out.key("uuid").null();
        const std::optional<Error> shown = shownError(parts, request, error);
        writeError(out, shown ? *shown : error);
    }
    out.endObject();
}

} // namespace

void NodeBatch::mount(http::Router& router)
{
    router.add(
        Method::Post, "/v1/nodes/batch", [this](Request& q, Response& a) { enrol(q, a); }, kLargeBody);
}

void NodeBatch::enrol(Request& request, Response& response) const
{
    const json body = jsonBody(request);
    const json* nodes = body.is_object() ? wire::memberOf(body, "nodes") : nullptr;
    if (nodes == nullptr || !nodes->is_array())
        throw Error(ErrorCode::InvalidInput, "nodes: expected a list",
                    R"({"nodes": [{"name": ..., "driver": ..., "ports": [{"address": ...}]}]})");
    wire::refuseUnknown(body, {"nodes"}, "batch");
    if (nodes->size() > kMostNodes)
        throw Error(ErrorCode::TooLarge,
                    fmt::format("nodes: {} in one request, but the limit is {}", nodes->size(), kMostNodes),
                    "use several requests");
    wire::JsonWriter out;
    out.beginObject().key("nodes").beginArray();
    for (const json& given : *nodes)
        enrolOne(out, parts_, request, given);
    response.sendJson(200, out.endArray().endObject().text());
}

} // namespace bm::api
