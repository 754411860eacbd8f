#include "api/ironic/node_records_api.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/ironic/node_view.h"
#include "api/ironic/selected_fields.h"
#include "common/model/error.h"
#include "common/text/text.h"
#include "common/wire/json/idents.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/json/schema_words.h"
#include "common/wire/resources/resource_links.h"
#include "db/repositories/inventory_repository.h"
#include "db/repositories/repositories.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using model::Node;
using nlohmann::json;

namespace {

constexpr std::size_t kMostVifs = 64;        ///< of a node
constexpr std::size_t kMostVifBytes = 4'096; ///< of the request, as stored

/// The id of a history entry: in Ironic's form, with the event's sequence.
constexpr std::string_view kEntryPrefix = "00000000-0000-4000-8000-";
std::string entryUuid(std::int64_t sequence)
{
    return fmt::format("{}{:012x}", kEntryPrefix, sequence);
}

/// The event's sequence; nullopt when @p uuid is not the id of an entry.
std::optional<std::int64_t> sequenceOf(std::string_view uuid)
{
    constexpr std::size_t kDigits = 12;
    constexpr int kHexadecimal = 16;
    if (!uuid.starts_with(kEntryPrefix) || uuid.size() != kEntryPrefix.size() + kDigits)
        return std::nullopt;
    const std::optional<std::int64_t> sequence =
        text::parseNumber<std::int64_t>(uuid.substr(kEntryPrefix.size()), kHexadecimal);
    return sequence && *sequence > 0 ? sequence : std::nullopt;
}

/// The registry attributes that Ironic adds to a setting; simulated settings are plain texts.
constexpr std::string_view kRegistry =
    R"(,"attribute_type":"String","allowable_values":null,"lower_bound":null,"max_length":null,"min_length":null,)"
    R"("read_only":false,"reset_required":null,"unique":null,"upper_bound":null)";

void writeSetting(wire::JsonWriter& out, const Request& request, const Node& node, const std::string& name,
                  const json& value, bool detail)
{
    wire::JsonWriter links;
    wire::writeLinks(links, request.localBase, fmt::format("nodes/{}/bios/{}", node.id.uuid, name));
    std::string text =
        fmt::format(R"({{"created_at":"{}","updated_at":"{}","links":{},"name":{},"value":{})",
                    wire::toText(node.createdAt), wire::toText(node.updatedAt.value_or(node.createdAt)),
                    links.text(), json(name).dump(), value.dump());
    if (detail)
        text += kRegistry;
    out.raw(text + "}");
}

void writeComponent(wire::JsonWriter& out, const Node& node, std::string_view component, const json& version,
                    const json& vendor, const json& model, const json& serial, wire::Version api)
{
    const auto text = [&](std::string_view key, const json& value) {
        out.key(key).raw(value.is_string() && !value.get_ref<const std::string&>().empty() ? value.dump()
                                                                                           : "null");
    };
    out.beginObject().key("created_at").time(node.createdAt).key("updated_at").timeOrNull(node.updatedAt);
    out.key("component").string(component);
    text("initial_version", version);
    text("current_version", version);
    out.key("last_version_flashed").null();
    constexpr int kVendorSince = 114;
    if (api.minor >= kVendorSince) {
        text("vendor", vendor);
        text("model", model);
        text("serial_number", serial);
    }
    out.endObject();
}

} // namespace

void NodeRecordsApi::mount(http::Router& router)
{
    const std::string base = "/v1/nodes/{ident}/";
    const auto get = [&](const std::string& path,
                         void (NodeRecordsApi::*handler)(Request&, Response&) const) {
        router.add(Method::Get, base + path,
                   [this, handler](Request& q, Response& a) { (this->*handler)(q, a); });
    };
    get("bios", &NodeRecordsApi::biosSettings);
    get("bios/{setting}", &NodeRecordsApi::biosSetting);
    get("firmware", &NodeRecordsApi::firmware);
    get("history", &NodeRecordsApi::history);
    get("history/{entry}", &NodeRecordsApi::historyEntry);
    get("children", &NodeRecordsApi::children);
    get("inventory", &NodeRecordsApi::inventory);
    get("vifs", &NodeRecordsApi::vifs);
    router.add(Method::Post, base + "vifs", [this](Request& q, Response& a) { attachVif(q, a); });
    router.add(Method::Delete, base + "vifs/{vif}", [this](Request& q, Response& a) { detachVif(q, a); });
}

Node NodeRecordsApi::nodeOf(const Request& request) const
{
    return parts_.nodes.get(identOf(request));
}

void NodeRecordsApi::biosSettings(Request& request, Response& response) const
{
    requireVersion(request, 40, "bios");
    const Node node = nodeOf(request);
    wire::JsonWriter out;
    out.beginObject().key("bios").beginArray();
    const json settings = internalOf(node).value("bios", json::object());
    const std::optional<std::string> fields = requestedFields(request);
    for (const auto& [name, value] : settings.items()) {
        wire::JsonWriter one;
        writeSetting(one, request, node, name, value, fields.has_value() || detailWanted(request));
        out.raw(selectedFields(one.text(), fields));
    }
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeRecordsApi::biosSetting(Request& request, Response& response) const
{
    requireVersion(request, 40, "bios");
    const Node node = nodeOf(request);
    const std::string name = request.pathParam("setting");
    wire::requireName("setting_name", name);
    const json settings = internalOf(node).value("bios", json::object());
    if (!settings.contains(name))
        throw Error(ErrorCode::NotFound, fmt::format("Node {} doesn't have a BIOS setting '{}'", node.id.uuid,
                                                     name.substr(0, 255)));
    constexpr int kRegistrySince = 74;
    wire::JsonWriter out;
    writeSetting(out.beginObject().key(name), request, node, name, settings.at(name),
                 versionOf(request).minor >= kRegistrySince);
    response.sendJson(200, out.endObject().text());
}

void NodeRecordsApi::firmware(Request& request, Response& response) const
{
    requireVersion(request, 86, "firmware");
    const Node node = nodeOf(request);
    const wire::Version version = versionOf(request);
    wire::JsonWriter out;
    out.beginObject().key("firmware").beginArray();
    if (const json bmc = internalOf(node).value("bmc", json::object()); !bmc.empty())
        writeComponent(out, node, "bmc", bmc.value("firmware", json()), bmc.value("manufacturer", json()),
                       bmc.value("product", json()), json(), version);
    const std::optional<db::NodeInventory> found = parts_.context.database.read(
        [&](db::Transaction& tx) { return db::InventoryRepository{}.find(tx, node.id); });
    if (found) {
        const json vendor = json::parse(found->inventory.text).value("system_vendor", json::object());
        const json bios = vendor.value("firmware", json::object());
        writeComponent(out, node, "bios", bios.value("version", json()), bios.value("vendor", json()),
                       vendor.value("product_name", json()), vendor.value("serial_number", json()), version);
    }
    response.sendJson(200, out.endArray().endObject().text());
}

std::vector<model::NodeEvent> NodeRecordsApi::failures(const model::NodeId& node, std::int64_t after,
                                                       std::size_t limit) const
{
    db::EventFilter filter;
    filter.node = node;
    filter.kinds = {std::string(model::toText(model::EventKind::OperationFailed)),
                    std::string(model::toText(model::EventKind::OperationAborted))};
    return parts_.context.database.read(
        [&](db::Transaction& tx) { return db::EventRepository{}.matching(tx, filter, after, limit); });
}

std::optional<model::NodeEvent> NodeRecordsApi::failure(const model::NodeId& node,
                                                        std::string_view uuid) const
{
    const std::optional<std::int64_t> sequence = sequenceOf(uuid);
    if (!sequence)
        return std::nullopt;
    const std::vector<model::NodeEvent> next = failures(node, *sequence - 1, 1);
    return next.empty() || next.front().sequence != *sequence ? std::nullopt : std::optional(next.front());
}

namespace {

/// Actor and duration come from the operation.
void writeEntry(wire::JsonWriter& out, const ApiParts& parts, const Request& request,
                const model::NodeEvent& event, bool detail)
{
    const std::string uuid = entryUuid(event.sequence);
    out.beginObject()
        .key("uuid")
        .string(uuid)
        .key("created_at")
        .time(event.at)
        .key("severity")
        .string("ERROR");
    out.key("event").string(event.message);
    if (detail) {
        const std::optional<model::Operation> operation = parts.context.database.read(
            [&](db::Transaction& tx) { return db::OperationRepository{}.find(tx, event.operation); });
        const int version = versionOf(request).minor;
        out.key("event_type").string(operation ? model::toText(operation->kind) : "");
        out.key("conductor").string(parts.context.settings.conductorName);
        out.key("user").stringOrNull(operation ? operation->actor : "");
        constexpr int kProjectSince = 113, kStateSince = 115;
        if (version >= kProjectSince)
            out.key("project").null();
        if (version >= kStateSince) {
            out.key("state").string(operation ? model::toText(operation->state) : "");
            out.key("target_provision_state").null().key("duration_seconds");
            if (operation && operation->startedAt && operation->finishedAt)
                out.number(
                    std::int64_t{(*operation->finishedAt - *operation->startedAt) / std::chrono::seconds{1}});
            else
                out.null();
        }
    }
    out.key("links").beginArray().beginObject();
    out.key("href").string(
        fmt::format("{}/v1/nodes/{}/history/{}", request.localBase, event.node.uuid, uuid));
    out.key("rel").string("self").endObject().endArray().endObject();
}

} // namespace

void NodeRecordsApi::history(Request& request, Response& response) const
{
    requireVersion(request, 78, "history");
    const model::NodeId node = nodeOf(request).id;
    std::int64_t after = 0;
    if (const std::string marker = request.queryParam("marker").value_or(""); !marker.empty()) {
        const std::optional<model::NodeEvent> last = failure(node, marker);
        if (!last)
            throw Error(ErrorCode::NotFound, "The marker " + marker.substr(0, 80) + " could not be found.");
        after = last->sequence;
    }
    const std::size_t limit = limitOf(request);
    std::vector<model::NodeEvent> events = failures(node, after, limit + 1);
    const bool more = events.size() > limit;
    events.resize(std::min(events.size(), limit));
    wire::JsonWriter out;
    out.beginObject().key("history").beginArray();
    for (const model::NodeEvent& event : events)
        writeEntry(out, parts_, request, event, detailWanted(request));
    out.endArray();
    if (more)
        out.key("next").string(nextLink(request, limit, entryUuid(events.back().sequence)));
    response.sendJson(200, out.endObject().text());
}

void NodeRecordsApi::historyEntry(Request& request, Response& response) const
{
    requireVersion(request, 78, "history");
    const std::string& uuid = request.pathParam("entry");
    wire::requireUuidOrName("event", uuid);
    const std::optional<model::NodeEvent> event = failure(nodeOf(request).id, uuid);
    if (!event)
        throw Error(ErrorCode::NotFound,
                    fmt::format("Node history record {} could not be found.", uuid.substr(0, 80)));
    wire::JsonWriter out;
    writeEntry(out, parts_, request, *event, true);
    response.sendJson(200, out.text());
}

void NodeRecordsApi::children(Request& request, Response& response) const
{
    requireVersion(request, 83, "children");
    db::NodeFilter filter;
    filter.parentNode = nodeOf(request).id.uuid;
    const std::vector<Node> nodes = parts_.context.database.read(
        [&](db::Transaction& tx) { return db::NodeRepository{}.list(tx, filter); });
    wire::JsonWriter out;
    out.beginObject().key("children").beginArray();
    for (const Node& node : nodes)
        if (maySee(request, node))
            out.string(node.id.uuid);
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeRecordsApi::inventory(Request& request, Response& response) const
{
    requireVersion(request, 81, "inventory");
    const Node node = nodeOf(request);
    std::optional<db::NodeInventory> found;
    std::optional<db::AgentRecord> agent;
    parts_.context.database.read([&](db::Transaction& tx) {
        found = db::InventoryRepository{}.find(tx, node.id);
        agent = db::AgentRepository{}.find(tx, node.id);
    });
    if (!found && agent && agent->inventory.text != "{}")
        found = db::NodeInventory{node.id, agent->inventory, {}, node.createdAt};
    if (!found)
        throw Error(
            ErrorCode::NotFound,
            "Node inventory record for node " + node.id.uuid +
                " could not be found: no agent has reported one yet.",
            "inspect the node: PUT states/provision {\"target\": \"inspect\"}; cleaning and deploying do "
            "so, too");
    wire::JsonWriter out;
    out.beginObject()
        .key("inventory")
        .json(found->inventory)
        .key("plugin_data")
        .json(found->pluginData)
        .endObject();
    response.sendJson(200, out.text());
}

void NodeRecordsApi::vifs(Request& request, Response& response) const
{
    requireVersion(request, 28, "vifs");
    const json attached = internalOf(nodeOf(request)).value("vifs", json::array());
    wire::JsonWriter out;
    out.beginObject().key("vifs").beginArray();
    for (const json& vif : attached)
        out.beginObject().key("id").string(vif.at("id").get<std::string>()).endObject();
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeRecordsApi::attachVif(Request& request, Response& response) const
{
    requireVersion(request, 28, "vifs");
    const json body = jsonBody(request);
    constexpr std::string_view kWhere = "Schema error for vif";
    if (!body.is_object())
        throw wire::notOfType(kWhere, body, "'object'");
    if (!body.contains("id"))
        throw wire::missingProperty(kWhere, "id", R"({"id": "the VIF's id"})");
    const std::string id = wire::asString(body.at("id"), "id");
    wire::requireUuidOrName("id", id);
    constexpr int kPortSince = 67;
    const bool placed =
        wire::memberOf(body, "port_uuid") != nullptr || wire::memberOf(body, "portgroup_uuid") != nullptr;
    if (placed && versionOf(request).minor < kPortSince)
        throw Error(ErrorCode::InvalidInput, "port_uuid and portgroup_uuid need version 1.67");
    if (wire::memberOf(body, "port_uuid") != nullptr && wire::memberOf(body, "portgroup_uuid") != nullptr)
        throw Error(ErrorCode::InvalidInput, "Either port_uuid or portgroup_uuid may be given, not both.");
    if (const std::size_t bytes = wire::canonical(body).text.size(); bytes > kMostVifBytes)
        throw Error(ErrorCode::TooLarge,
                    fmt::format("the VIF has {} bytes, but the limit is {}", bytes, kMostVifBytes),
                    "id, and port_uuid or portgroup_uuid, are enough");
    changeInternal(parts_, request, [&](json& internal) {
        json& attached = internal["vifs"];
        if (attached.size() >= kMostVifs)
            throw Error(ErrorCode::TooLarge,
                        fmt::format("node {} has {} VIFs, the most that bm keeps for a node",
                                    request.pathParam("ident"), attached.size()),
                        "detach those that the node does not use");
        for (const json& vif : attached)
            if (vif.at("id") == id)
                throw Error(ErrorCode::Conflict,
                            fmt::format("Unable to attach VIF {}: it is already attached to node {}",
                                        id.substr(0, 80), request.pathParam("ident")));
        attached.push_back(body);
    });
    response.sendEmpty(204);
}

void NodeRecordsApi::detachVif(Request& request, Response& response) const
{
    requireVersion(request, 28, "vifs");
    const std::string id = request.pathParam("vif");
    wire::requireUuidOrName("vif_id", id);
    changeInternal(parts_, request, [&](json& internal) {
        json kept = json::array();
        for (const json& vif : internal.value("vifs", json::array()))
            if (vif.at("id") != id)
                kept.push_back(vif);
        if (kept.size() == internal.value("vifs", json::array()).size())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("Unable to detach VIF {} from node {}: it is not attached",
                                    id.substr(0, 80), request.pathParam("ident")));
        internal["vifs"] = kept;
    });
    response.sendEmpty(204);
}

} // namespace bm::api
