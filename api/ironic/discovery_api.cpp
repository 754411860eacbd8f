#include "api/ironic/discovery_api.h"

#include "api/core/request_values.h"
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

struct Resource {
    std::string_view name;
    int since;
};
/// What /v1 names: the resources that bm has.
constexpr auto kResources = std::to_array<Resource>({{"chassis", 1},
                                                     {"nodes", 1},
                                                     {"ports", 1},
                                                     {"portgroups", 23},
                                                     {"drivers", 1},
                                                     {"lookup", 22},
                                                     {"heartbeat", 22},
                                                     {"volume", 32},
                                                     {"conductors", 49},
                                                     {"allocations", 52},
                                                     {"events", 54},
                                                     {"deploy_templates", 55},
                                                     {"shards", 82},
                                                     {"runbooks", 92},
                                                     {"inspection_rules", 96}});

struct Property {
    std::string_view driver;
    std::string_view key;
    std::string_view text;
};
constexpr auto kProperties = std::to_array<Property>({
    {"ipmi", "ipmi_address", "IP address or hostname of the node. Required."},
    {"ipmi", "ipmi_port", "remote IPMI RMCP port. Optional."},
    {"ipmi", "ipmi_username", "username; default is NULL user. Optional."},
    {"ipmi", "ipmi_password", "password. Optional."},
    {"ipmi", "ipmi_priv_level",
     "privilege level; default is ADMINISTRATOR. One of ADMINISTRATOR, CALLBACK, OPERATOR, USER. Optional."},
    {"ipmi", "ipmi_hex_kg_key", "Kg key for IPMIv2 authentication, in hexadecimal. Optional."},
    {"ipmi", "ipmi_cipher_suite",
     "cipher suite, 17 or 3; found out and remembered when not given. Optional."},
    {"ipmi", "ipmi_disable_boot_timeout",
     "whether the BMC's 60 second boot flag timeout is switched off; default is True. Optional."},
    {"fake-hardware", "power_delay",
     "seconds that a power call takes, \"1.5\" or a range \"1,3\". Optional."},
    {"fake-hardware", "power_fault",
     "error code that power calls fail with, \":N\" for the first N only. Optional."},
    {"fake-hardware", "boot_device_fault", "error code that setting the boot device fails with. Optional."},
    {"fake-hardware", "identify_fault", "error code that identifying the BMC fails with. Optional."},
});

void writeInterfaces(wire::JsonWriter& out, const std::string& driver, wire::Version version)
{
    for (const model::InterfaceKind& kind : model::interfaceKinds()) {
        if (kind.since > version.minor)
            continue;
        const std::span<const std::string_view> enabled = model::enabledInterfaces(driver, kind.name);
        out.key(fmt::format("default_{}_interface", kind.name)).string(enabled.front());
        out.key(fmt::format("enabled_{}_interfaces", kind.name)).beginArray();
        for (const std::string_view interface : enabled)
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
        writeInterfaces(out, name, version);
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
    out.key("description").string("bm, bare-metal provisioning, by the REST API of OpenStack Ironic.");
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
    for (const Resource& resource : kResources)
        if (resource.since <= version.minor)
            wire::writeLinks(out.key(resource.name), request.localBase, std::string(resource.name) + "/");
    writeVersion(out.key("version"), request.localBase);
    response.sendJson(200, out.endObject().text());
}

void DiscoveryApi::drivers(const Request& request, Response& response) const
{
    refuseOtherQuery(request, "type detail");
    const bool none =
        request.queryParam("type").value_or("dynamic") != "dynamic"; // there are no classic drivers
    wire::JsonWriter out;
    out.beginObject().key("drivers").beginArray();
    for (const auto& [name, hardware] : parts_.context.hardware)
        if (!none)
            writeDriver(out, parts_, request, name, detailWanted(request));
    response.sendJson(200, out.endArray().endObject().text());
}

void DiscoveryApi::driver(const Request& request, Response& response) const
{
    wire::JsonWriter out;
    writeDriver(out, parts_, request, knownDriver(parts_, request), true);
    response.sendJson(200, out.text());
}

void DiscoveryApi::driverProperties(const Request& request, Response& response) const
{
    const std::string& name = knownDriver(parts_, request);
    wire::JsonWriter out;
    out.beginObject();
    for (const Property& property : kProperties)
        if (property.driver == name)
            out.key(property.key).string(property.text);
    response.sendJson(200, out.endObject().text());
}

} // namespace bm::api
