#include "api/ironic/discovery_api.h"

#include "api/core/request_values.h"
#include "api/ironic/selected_fields.h"
#include "api/resources/resource_kinds.h"
#include "common/model/error.h"
#include "common/model/interfaces.h"
#include "common/wire/resources/node_fields.h"
#include "common/wire/resources/resource_links.h"

#include <fmt/format.h>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

namespace {

void writeVersion(wire::JsonWriter& out, const std::string& base)
{
    out.beginObject().key("id").string("v1").key("links").beginArray();
    out.beginObject().key("href").string(base + "/v1/").key("rel").string("self").endObject().endArray();
    out.key("status").string("CURRENT").key("min_version").string(wire::toText(wire::kMinVersion));
    out.key("version").string(wire::toText(wire::kMaxVersion)).endObject();
}

struct ListedResource {
    std::string_view name;
    int since;
};

/// The resources that /v1 lists: those with handlers of their own, then the stored kinds. "volume" stands for
/// the kinds below it.
const std::vector<ListedResource>& listedResources()
{
    static const std::vector<ListedResource> resources = [] {
        std::vector<ListedResource> listed{{"nodes", 1},       {"ports", 1},      {"drivers", 1},
                                           {"lookup", 22},     {"heartbeat", 22}, {"volume", 32},
                                           {"conductors", 49}, {"events", 54},    {"shards", 82}};
        for (const ResourceKind& kind : resourceKinds()) {
            const std::string_view name = kind.path.substr(std::string_view("/v1/").size());
            if (name.find('/') == std::string_view::npos)
                listed.push_back({name, kind.since});
        }
        return listed;
    }();
    return resources;
}

void writeInterfaces(wire::JsonWriter& out, const model::InterfaceTable& table, const std::string& driver,
                     wire::Version version)
{
    for (const model::InterfaceKind& kind : model::interfaceKinds()) {
        if (kind.since > version.minor)
            continue;
        const std::span<const std::string> enabled = table.enabled(driver, kind.name);
        out.key(fmt::format("default_{}_interface", kind.name)).string(enabled.front());
        out.key(fmt::format("enabled_{}_interfaces", kind.name)).beginArray();
        for (const std::string& interface : enabled)
            out.string(interface);
        out.endArray();
    }
}

void writeDriver(wire::JsonWriter& out, const ApiParts& parts, const Request& request,
                 const std::string& name, bool detail)
{
    const wire::Version version = versionOf(request);
    out.beginObject().key("name").string(name);
    out.key("hosts").beginArray().string(parts.context.settings.conductorName).endArray();
    wire::writeLinks(out.key("links"), request.localBase, "drivers/" + name);
    if (version.minor >= 14)
        wire::writeLinks(out.key("properties"), request.localBase, "drivers/" + name + "/properties");
    if (version.minor >= 30)
        out.key("type").string("dynamic");
    if (detail && version.minor >= 30)
        writeInterfaces(out, parts.context.hardware.interfaces(), name, version);
    out.endObject();
}

const std::string& knownDriver(const ApiParts& parts, const Request& request)
{
    const std::string& name = request.pathParam("name");
    if (!parts.context.hardware.contains(name))
        throw model::Error(model::ErrorCode::NotFound,
                           "Could not find the following driver(s) or hardware type(s): " + name + ".");
    return name;
}

} // namespace

void DiscoveryApi::mount(http::Router& router)
{
    router.add(Method::Get, "/", [this](Request& q, Response& a) { root(q, a); });
    router.add(Method::Get, "/v1", [this](Request& q, Response& a) { v1(q, a); });
    router.add(Method::Get, "/v1/drivers", [this](Request& q, Response& a) { drivers(q, a); });
    router.add(Method::Get, "/v1/drivers/{name}", [this](Request& q, Response& a) { driver(q, a); });
    router.add(Method::Get, "/v1/drivers/{name}/properties",
               [this](Request& q, Response& a) { driverProperties(q, a); });
}

void DiscoveryApi::root(const Request& request, Response& response) const
{
    wire::JsonWriter out;
    out.beginObject().key("name").string("OpenStack Ironic API");
    out.key("description").string("bm, bare-metal provisioning with the REST API of OpenStack Ironic.");
    writeVersion(out.key("default_version"), request.localBase);
    out.key("versions").beginArray();
    writeVersion(out, request.localBase);
    response.sendJson(200, out.endArray().endObject().text());
}

void DiscoveryApi::v1(const Request& request, Response& response) const
{
    const wire::Version version = versionOf(request);
    wire::JsonWriter out;
    out.beginObject().key("id").string("v1").key("links").beginArray();
    out.beginObject()
        .key("href")
        .string(request.localBase + "/v1/")
        .key("rel")
        .string("self")
        .endObject()
        .endArray();
    out.key("media_types")
        .raw(R"({"base": "application/json", "type": "application/vnd.openstack.ironic.v1+json"})");
    for (const ListedResource& resource : listedResources())
        if (resource.since <= version.minor)
            wire::writeLinks(out.key(resource.name), request.localBase, std::string(resource.name) + "/");
    writeVersion(out.key("version"), request.localBase);
    response.sendJson(200, out.endObject().text());
}

void DiscoveryApi::drivers(const Request& request, Response& response) const
{
    const std::string type = request.queryParam("type").value_or("dynamic");
    if (type != "dynamic" && type != "classic")
        throw model::Error(model::ErrorCode::InvalidInput,
                           "\"type\" filter must be one of \"classic\" or \"dynamic\", if specified.");
    const bool none = type == "classic"; // bm has no classic drivers
    wire::JsonWriter out;
    out.beginObject().key("drivers").beginArray();
    const std::optional<std::string> fields = requestedFields(request);
    for (const auto& [name, hardware] : parts_.context.hardware)
        if (!none) {
            wire::JsonWriter one;
            writeDriver(one, parts_, request, name, fields.has_value() || detailWanted(request));
            out.raw(selectedFields(one.text(), fields));
        }
    response.sendJson(200, out.endArray().endObject().text());
}

void DiscoveryApi::driver(const Request& request, Response& response) const
{
    wire::JsonWriter out;
    writeDriver(out, parts_, request, knownDriver(parts_, request), true);
    response.sendJson(200, selectedFields(out.text(), requestedFields(request)));
}

void DiscoveryApi::driverProperties(const Request& request, Response& response) const
{
    const std::string& name = knownDriver(parts_, request);
    wire::JsonWriter out;
    out.beginObject();
    for (const drivers::Property& property : parts_.context.hardware.at(name).properties)
        if (!property.text.empty())
            out.key(property.key).string(property.text);
    response.sendJson(200, out.endObject().text());
}

} // namespace bm::api
