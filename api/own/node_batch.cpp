#include "api/own/node_batch.h"

#include "api/access/access.h"
#include "api/access/shown.h"
#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/resources/node_fields.h"
#include "common/wire/resources/port_fields.h"
#include "common/wire/resources/port_group_fields.h"
#include "conductor/core/nodes.h"
#include "conductor/core/size_limits.h"
#include "conductor/nodes/node_changes.h"
#include "conductor/resources/port_group_rules.h"
#include "db/repositories/repositories.h"
#include "db/repositories/resources/port_group_repository.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using model::Node;
using model::Port;
using model::PortGroup;
using nlohmann::json;

namespace {

constexpr std::size_t kMostNodes = 10'000;
constexpr std::size_t kNodesPerUnit = 100;
constexpr std::size_t kBytesPerUnit = std::size_t{256} * 1024;

struct PortEntry {
    json fields; ///< as for POST /v1/ports
    Port parsed;
    std::optional<std::size_t> group{}; ///< index of its portgroup
};

struct GroupEntry {
    json fields; ///< as for POST /v1/portgroups
    PortGroup parsed;
};

/// One checked entry of the request.
struct Entry {
    json fields; ///< the node's own, as for POST /v1/nodes
    Node node{};
    std::vector<PortEntry> ports{}; ///< the portgroups' own, too
    std::vector<GroupEntry> groups{};

    std::vector<Port> plainPorts() const
    {
        std::vector<Port> plain;
        for (const PortEntry& port : ports)
            if (!port.group)
                plain.push_back(port.parsed);
        return plain;
    }
};

/// Takes the list @p key out of @p object; empty where there is none.
std::vector<json> takeList(json& object, const char* key)
{
    std::vector<json> out;
    if (const json* list = wire::memberOf(object, key)) {
        if (!list->is_array())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}: expected a list, got {}", key, wire::kindOf(*list)));
        out.assign(list->begin(), list->end());
    }
    object.erase(key);
    return out;
}

void addPorts(Entry& entry, const std::vector<json>& ports, std::optional<std::size_t> group)
{
    for (const json& port : ports)
        entry.ports.push_back(
            {port, wire::portShape().fromCreate(port, wire::kMaxVersion, {}, "node_uuid"), group});
}

void addGroup(Entry& entry, const json& given)
{
    if (!given.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("a portgroup: expected an object, got {}", wire::kindOf(given)));
    GroupEntry group{.fields = given, .parsed = {}};
    const std::vector<json> ports = takeList(group.fields, "ports");
    group.parsed = wire::portGroupShape().fromCreate(group.fields, wire::kMaxVersion, {}, "node_uuid");
    addPorts(entry, ports, entry.groups.size());
    entry.groups.push_back(std::move(group));
}

Entry entryOf(const Request& request, const json& given, const model::InterfaceTable& interfaces)
{
    if (!given.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("a node: expected an object, got {}", wire::kindOf(given)));
    Entry entry{.fields = given};
    const std::vector<json> ports = takeList(entry.fields, "ports");
    const std::vector<json> groups = takeList(entry.fields, "portgroups");
    requireNew(request, "/v1/nodes", entry.fields);
    entry.node = wire::nodeFromCreate(entry.fields, wire::kMaxVersion, interfaces);
    addPorts(entry, ports, std::nullopt);
    for (const json& group : groups)
        addGroup(entry, group);
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
    for (const PortEntry& port : entry.ports)
        if (const std::optional<Port> known = db::PortRepository{}.findByMac(tx, port.parsed.mac)) {
            const std::optional<Node> owner = nodes.find(tx, known->node);
            if (owner && !entry.node.name.empty() && !owner->name.empty() && owner->name != entry.node.name)
                throw Error(
                    ErrorCode::Conflict,
                    fmt::format("A port with MAC address {} already exists.", port.parsed.mac.text),
                    fmt::format("it belongs to node {}; rename that node first if it is the same machine",
                                owner->name));
            meet(owner, "MAC address " + port.parsed.mac.text);
        }
    return found;
}

/// Creates or updates one node as its entry says, with its ports and portgroups, or nothing of it.
class Enrolment {
public:
    Enrolment(const ApiParts& parts, const Request& request)
        : parts_(parts), request_(request), actor_(request.actor),
          groups_(parts.context, conductor::portGroupRules())
    {}

    /// @return "created", "updated" or "unchanged"
    std::string run(const Entry& entry, Node& node)
    {
        return parts_.context.database.write(
            [&](db::Transaction& tx) { return store(existing(tx, entry), entry, node); });
    }

private:
    std::string store(const std::optional<Node>& found, Entry entry, Node& node)
    {
        bool changed = !found;
        if (found) {
            node = *found;
            changed = updateNode(entry, node);
        } else {
            node = entry.node;
            for (const Port& port : entry.plainPorts())
                requireSame(port.node.uuid, {node.id.uuid, node.name}, "node_uuid of a port");
            conductor::settleNew(parts_.context.hardware.interfaces(), node);
            node = parts_.nodes.createWithPorts(node, entry.plainPorts(), actor_);
        }
        if (found || !entry.groups.empty()) {
            const std::vector<Port> ports = parts_.context.database.read(
                [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, node.id); });
            changed = updateGroups(entry, node, ports) || changed;
            changed = updatePorts(entry, node, ports) || changed;
        }
        return !found ? "created" : changed ? "updated" : "unchanged";
    }

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
            const Node before = stored;
            wire::mergeNode(stored, entry.fields, access, interfaces);
            conductor::settleChange(interfaces, before, stored);
        };
        node = parts_.nodes.update(node.id.uuid, change, actor_);
        return true;
    }

    /// Creates or changes the portgroups, and puts their uuids into the entry's ports.
    bool updateGroups(Entry& entry, const Node& node, const std::vector<Port>& ports)
    {
        bool changed = false;
        for (std::size_t i = 0; i < entry.groups.size(); ++i) {
            const auto [group, isChanged] = updateGroup(entry, i, node, ports);
            changed = changed || isChanged;
            for (PortEntry& port : entry.ports)
                if (port.group == i)
                    joinGroup(port, group);
        }
        return changed;
    }

    std::pair<PortGroup, bool> updateGroup(const Entry& entry, std::size_t index, const Node& node,
                                           const std::vector<Port>& ports)
    {
        const GroupEntry& given = entry.groups[index];
        requireSame(given.parsed.node.uuid, {node.id.uuid, node.name}, "node_uuid of a portgroup");
        const std::optional<PortGroup> known = knownGroup(entry, index, node, ports);
        if (!known) {
            PortGroup wanted = given.parsed;
            wanted.node = node.id;
            return {groups_.create(wanted, actor_), true};
        }
        if (!given.parsed.id.empty() && given.parsed.id != known->id)
            throw Error(ErrorCode::Conflict,
                        fmt::format("the portgroup with this name has the uuid {}", known->id.uuid));
        PortGroup merged = *known;
        if (wire::portGroupShape().merge(merged, given.fields).empty())
            return {*known, false};
        const auto change = [&](PortGroup& stored) { wire::portGroupShape().merge(stored, given.fields); };
        return {groups_.update(known->id.uuid, change, actor_), true};
    }

    /// True if the entry's portgroup @p index has @p port.
    static bool isOfGroup(const Entry& entry, std::size_t index, const Port& port)
    {
        return std::ranges::any_of(entry.ports, [&](const PortEntry& other) {
            return other.group == index && other.parsed.mac == port.mac;
        });
    }

    /// The node's portgroup with the uuid, name or address of the entry; for one without any of these, the
    /// group of its ports.
    std::optional<PortGroup> knownGroup(const Entry& entry, std::size_t index, const Node& node,
                                        const std::vector<Port>& ports) const
    {
        const PortGroup& wanted = entry.groups[index].parsed;
        const bool named = !wanted.id.empty() || !wanted.name.empty() || !wanted.address.empty();
        const auto hasPort = [&](const PortGroup& group) {
            return std::ranges::any_of(ports, [&](const Port& port) {
                return port.portGroup == group.id && isOfGroup(entry, index, port);
            });
        };
        const std::vector<PortGroup> all =
            groups_.list({.where = "node_uuid = $1", .parameters = {node.id.uuid}});
        const auto found = std::ranges::find_if(all, [&](const PortGroup& group) {
            return named ? (group.id == wanted.id && !wanted.id.empty()) ||
                               (group.name == wanted.name && !wanted.name.empty()) ||
                               (group.address == wanted.address && !wanted.address.empty())
                         : hasPort(group);
        });
        return found == all.end() ? std::nullopt : std::optional(*found);
    }

    static void joinGroup(PortEntry& port, const PortGroup& group)
    {
        requireSame(port.parsed.portGroup.uuid, {group.id.uuid, group.name},
                    "portgroup_uuid of a port in a portgroup");
        port.fields["portgroup_uuid"] = group.id.uuid;
        port.parsed.portGroup = group.id;
    }

    /// Ironic's client, too, refuses a record inside another one that names a third.
    static void requireSame(const std::string& given, std::initializer_list<std::string_view> parent,
                            std::string_view what)
    {
        if (!given.empty() && std::ranges::find(parent, given) == parent.end())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{}: {} is another one", what, given.substr(0, 80)),
                        "leave it out: the place in the file says it");
    }

    bool updatePorts(const Entry& entry, const Node& node, const std::vector<Port>& present)
    {
        bool changed = false;
        for (const PortEntry& given : entry.ports) {
            Port wanted = given.parsed;
            requireSame(wanted.node.uuid, {node.id.uuid, node.name}, "node_uuid of a port");
            const auto known = std::find_if(present.begin(), present.end(),
                                            [&](const Port& p) { return p.mac == wanted.mac; });
            if (known == present.end()) {
                wanted.node = node.id;
                parts_.nodes.createPort(wanted, actor_);
                changed = true;
                continue;
            }
            Port merged = *known;
            if (wire::portShape().merge(merged, given.fields).empty())
                continue;
            parts_.nodes.updatePort(
                known->id, [&](Port& stored) { wire::portShape().merge(stored, given.fields); }, actor_);
            changed = true;
        }
        return changed;
    }

    const ApiParts& parts_;
    const Request& request_;
    const std::string& actor_;
    conductor::Resources<PortGroup> groups_;
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

/// The outcome of one entry of the request.
struct Outcome {
    std::string name{};
    std::optional<Entry> entry{}; ///< nothing when it cannot be read
    std::string uuid{};
    std::string result{};
    std::optional<Error> error{};
};

Outcome readEntry(const ApiParts& parts, const Request& request, const json& given)
{
    const bool hasName = given.is_object() && given.contains("name") && given["name"].is_string();
    Outcome outcome{.name = hasName ? given["name"].get<std::string>() : ""};
    try {
        outcome.entry = entryOf(request, given, parts.context.hardware.interfaces());
    } catch (const Error& error) {
        outcome.error = error;
    }
    return outcome;
}

/// The number of entries for one unit: other requests wait for it, and a project's data grows by it before
/// the limit is checked again.
std::size_t groupLength(std::span<const Outcome> outcomes)
{
    std::size_t count = 0;
    for (std::size_t bytes = 0; count < outcomes.size() && count < kNodesPerUnit && bytes < kBytesPerUnit;
         ++count)
        if (outcomes[count].entry)
            bytes += conductor::bytesOf(outcomes[count].entry->node);
    return count;
}

/// Under a savepoint of its own: a refused entry undoes nothing of the others.
void enrolOne(const ApiParts& parts, const Request& request, Outcome& outcome)
{
    outcome.error.reset(); // the unit may run again
    try {
        Node node;
        outcome.result = Enrolment(parts, request).run(*outcome.entry, node);
        outcome.uuid = node.id.uuid;
    } catch (const Error& error) {
        outcome.error = error;
    }
}

/// Stores the entries in one unit of writing.
void enrolGroup(const ApiParts& parts, const Request& request, std::span<Outcome> group)
{
    parts.context.database.write([&](db::Transaction&) {
        for (Outcome& outcome : group)
            if (outcome.entry)
                enrolOne(parts, request, outcome);
    });
}

void writeOutcome(wire::JsonWriter& out, const ApiParts& parts, const Request& request,
                  const Outcome& outcome)
{
    out.beginObject().key("name").stringOrNull(outcome.name);
    if (outcome.error) {
        out.key("uuid").null();
        writeError(out, shownError(parts, request, *outcome.error).value_or(*outcome.error));
    } else {
        out.key("uuid").string(outcome.uuid).key("result").string(outcome.result);
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
    std::vector<Outcome> outcomes;
    outcomes.reserve(nodes->size());
    for (const json& given : *nodes)
        outcomes.push_back(readEntry(parts_, request, given));
    for (std::span<Outcome> left = outcomes; !left.empty();) {
        const std::size_t count = groupLength(left);
        enrolGroup(parts_, request, left.first(count));
        left = left.subspan(count);
    }
    for (const Outcome& outcome : outcomes)
        writeOutcome(out, parts_, request, outcome);
    response.sendJson(200, out.endArray().endObject().text());
}

} // namespace bm::api
