#include "api/ironic/node_hardware_api.h"

#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/platform/urls.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/json/schema_words.h"
#include "common/wire/resources/raid_config.h"
#include "common/wire/resources/resource_links.h"
#include "conductor/core/nodes.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
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

std::string keyOf(const drivers::Indicator& indicator)
{
    return fmt::format("{}@{}", indicator.name, indicator.component);
}

/// Finds the indicator of the route in @p all. @throws Error NotFound
const drivers::Indicator& indicatorOf(const Request& request, const std::vector<drivers::Indicator>& all)
{
    const std::string& name = request.pathParam("indicator"); // "led@system", or "led" below its component
    const auto component = request.pathParams.find("component");
    const bool whole = component == request.pathParams.end();
    for (const drivers::Indicator& one : all)
        if (whole ? keyOf(one) == name
                  : one.component == component->second && (one.name == name || keyOf(one) == name))
            return one;
    throw Error(ErrorCode::NotFound, fmt::format("Indicator {} could not be found.", name.substr(0, 80)),
                ".../management/indicators lists the indicators");
}

/// A parameter that the request must have. @throws Error InvalidInput, of a body that is no object, too
json parameterOf(const json& body, std::string_view name)
{
    const json* value = body.is_object() ? wire::memberOf(body, name) : nullptr;
    if (value == nullptr)
        throw wire::missingParameter(name);
    return *value;
}

/// The parameter of a request that takes no other one. @throws Error InvalidInput
json onlyParameterOf(Request& request, const char* name)
{
    const json body = jsonBody(request);
    json value = parameterOf(body, name);
    wire::refuseUnknown(body, {name}, "the body");
    return value;
}

constexpr auto kMediaTypes = std::to_array<std::string_view>({"cdrom", "disk", "floppy"});

/// Checks the URL, since bmd and later the machine fetch from it.
void checkMediaUrl(const std::string& url, const platform::Reach& reach)
{
    const bool web = url.starts_with("http://") || url.starts_with("https://");
    if (!web)
        throw Error(ErrorCode::InvalidInput,
                    "image_url: bmd does not fetch from \"" + platform::shownUrl(url).substr(0, 200) + "\"",
                    "use an http or https URL");
    reach.requireUrl(url);
}

} // namespace

Node NodeHardwareApi::nodeOf(const Request& request) const
{
    return parts_.nodes.get(identOf(request));
}

void NodeHardwareApi::accepted(const Request& request, Response& response, const Node& node) const
{
    response.header("Location", fmt::format("{}/v1/nodes/{}/states", request.localBase, node.id.uuid));
    response.sendEmpty(202);
}

void NodeHardwareApi::mount(http::Router& router)
{
    mountManagement(router);
    mountStates(router);
    mountMedia(router);
}

void NodeHardwareApi::mountManagement(http::Router& router)
{
    const std::string base = "/v1/nodes/{ident}/management/";
    router.add(Method::Get, base + "boot_device", [this](Request& q, Response& a) { bootDevice(q, a); });
    router.add(Method::Put, base + "boot_device", [this](Request& q, Response& a) { setBootDevice(q, a); });
    router.add(Method::Get, base + "boot_device/supported",
               [this](Request& q, Response& a) { supportedBootDevices(q, a); });
    router.add(Method::Put, base + "inject_nmi", [this](Request& q, Response& a) { injectNmi(q, a); });
    router.add(Method::Get, base + "indicators", [this](Request& q, Response& a) { indicators(q, a); });
    for (const char* const one : {"indicators/{indicator}", "indicators/{component}/{indicator}"}) {
        router.add(Method::Get, base + one, [this](Request& q, Response& a) { indicator(q, a); });
        router.add(Method::Put, base + one, [this](Request& q, Response& a) { setIndicator(q, a); });
    }
}

void NodeHardwareApi::mountStates(http::Router& router)
{
    const std::string base = "/v1/nodes/{ident}/states/";
    router.add(Method::Put, base + "boot_mode", [this](Request& q, Response& a) { setBootMode(q, a); });
    router.add(Method::Put, base + "secure_boot", [this](Request& q, Response& a) { setSecureBoot(q, a); });
    router.add(Method::Put, base + "raid", [this](Request& q, Response& a) { setRaid(q, a); });
    router.add(Method::Put, base + "console", [this](Request& q, Response& a) { setConsole(q, a); });
}

void NodeHardwareApi::mountMedia(http::Router& router)
{
    const char* const path = "/v1/nodes/{ident}/vmedia";
    router.add(Method::Get, path, [this](Request& q, Response& a) { media(q, a); });
    router.add(Method::Post, path, [this](Request& q, Response& a) { attachMedia(q, a); });
    router.add(Method::Delete, path, [this](Request& q, Response& a) { detachMedia(q, a); });
}

void NodeHardwareApi::bootDevice(Request& request, Response& response) const
{
    const std::optional<drivers::BootRequest> boot = management_.bootDevice(identOf(request));
    wire::JsonWriter out;
    out.beginObject().key("boot_device");
    boot ? out.string(model::toText(boot->device)) : out.null();
    out.key("persistent");
    boot ? out.boolean(boot->persistent) : out.null();
    response.sendJson(200, out.endObject().text());
}

void NodeHardwareApi::setBootDevice(Request& request, Response& response) const
{
    const json body = jsonBody(request);
    const std::string name = wire::asString(parameterOf(body, "boot_device"), "boot_device");
    wire::refuseUnknown(body, {"boot_device", "persistent"}, "boot_device");
    const std::optional<model::BootDevice> device = model::bootDeviceFromText(name);
    if (!device)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Invalid boot device \"{}\" specified.", name.substr(0, 80)),
                    "use pxe, disk, cdrom, bios or safe");
    const json* persistent = wire::memberOf(body, "persistent");
    management_.setBootDevice(identOf(request), *device,
                              persistent != nullptr && wire::asBoolean(*persistent, "persistent"),
                              request.actor);
    response.sendEmpty(204);
}

void NodeHardwareApi::supportedBootDevices(Request& request, Response& response) const
{
    wire::JsonWriter out;
    out.beginObject().key("supported_boot_devices").beginArray();
    for (const model::BootDevice device : management_.supportedDevices(identOf(request)))
        out.string(model::toText(device));
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeHardwareApi::injectNmi(Request& request, Response& response) const
{
    if (const std::string body = request.body(); !body.empty() && wire::parseJson(body) != json::object())
        throw Error(ErrorCode::InvalidInput, "the body: expected {}");
    requireVersion(request, 29, "inject_nmi", TooOld::NoSuchResource);
    management_.injectNmi(identOf(request), request.actor);
    response.sendEmpty(204);
}

void NodeHardwareApi::indicators(Request& request, Response& response) const
{
    requireVersion(request, 63, "indicators");
    const Node node = nodeOf(request);
    wire::JsonWriter out;
    out.beginObject().key("indicators").beginArray();
    for (const drivers::Indicator& one : management_.indicators(node.id.uuid)) {
        out.beginObject().key("name").string(keyOf(one)).key("component").string(one.component);
        out.key("readonly").boolean(one.readOnly).key("states").beginArray();
        for (const std::string& state : one.states)
            out.string(state);
        wire::writeLinks(out.endArray().key("links"), request.localBase,
                         fmt::format("nodes/{}/management/indicators/{}", node.id.uuid, keyOf(one)));
        out.endObject();
    }
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeHardwareApi::indicator(Request& request, Response& response) const
{
    requireVersion(request, 63, "indicators");
    const std::string ident = identOf(request);
    const std::vector<drivers::Indicator> all = management_.indicators(ident);
    const std::string state = management_.indicatorState(ident, indicatorOf(request, all));
    response.sendJson(200, wire::JsonWriter{}.beginObject().key("state").string(state).endObject().text());
}

void NodeHardwareApi::setIndicator(Request& request, Response& response) const
{
    requireVersion(request, 63, "indicators");
    const std::string state = wire::asString(onlyParameterOf(request, "state"), "state");
    const std::string ident = identOf(request);
    const std::vector<drivers::Indicator> all = management_.indicators(ident);
    const drivers::Indicator& one = indicatorOf(request, all);
    if (one.readOnly || std::ranges::find(one.states, state) == one.states.end())
        throw Error(
            ErrorCode::InvalidInput, fmt::format("Invalid indicator state \"{}\"", state.substr(0, 80)),
            one.readOnly ? "the indicator is read-only" : fmt::format("{}", fmt::join(one.states, ", ")));
    management_.setIndicatorState(ident, one, state);
    response.sendEmpty(204);
}

void NodeHardwareApi::setBootMode(Request& request, Response& response) const
{
    requireVersion(request, 76, "boot_mode", TooOld::NoSuchResource);
    const std::string target = wire::asString(onlyParameterOf(request, "target"), "target");
    const std::optional<model::BootMode> mode = model::bootModeFromText(target);
    if (!mode)
        throw Error(ErrorCode::InvalidInput, fmt::format("Invalid boot mode \"{}\"", target.substr(0, 80)),
                    "use bios or uefi");
    const Node node = nodeOf(request);
    management_.setBootMode(node.id.uuid, *mode, request.actor);
    accepted(request, response, node);
}

void NodeHardwareApi::setSecureBoot(Request& request, Response& response) const
{
    requireVersion(request, 76, "secure_boot", TooOld::NoSuchResource);
    const bool on = wire::asBoolean(onlyParameterOf(request, "target"), "target");
    const Node node = nodeOf(request);
    management_.setSecureBoot(node.id.uuid, on, request.actor);
    accepted(request, response, node);
}

void NodeHardwareApi::setRaid(Request& request, Response& response) const
{
    requireVersion(request, 12, "raid", TooOld::NotAcceptable);
    const json body = jsonBody(request);
    if (!body.is_object())
        throw wire::notOfType("target_raid_config", body, "'object'", R"({"logical_disks": [...]})");
    const json* disks = wire::memberOf(body, "logical_disks");
    if (disks == nullptr && !body.empty()) // {} clears the configuration
        throw wire::missingProperty("target_raid_config", "logical_disks", R"({"logical_disks": [...]})");
    wire::refuseUnknown(body, {"logical_disks"}, "target_raid_config");
    const Node node = nodeOf(request);
    const std::string_view interface = conductor::interfaceOf(parts_.context, node, "raid");
    if (interface.starts_with("no-"))
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("Driver {} does not support raid (disabled or not implemented).", node.driver),
            fmt::format("the node's raid_interface is \"{}\"", interface));
    if (disks != nullptr)
        wire::checkLogicalDisks(*disks, "logical_disks");
    parts_.nodes.update(
        node.id.uuid, [&](Node& stored) { stored.targetRaidConfig = wire::canonical(body); }, request.actor);
    response.sendEmpty(204);
}

void NodeHardwareApi::setConsole(Request& request, Response& response) const
{
    const bool on = wire::asBoolean(onlyParameterOf(request, "enabled"), "enabled");
    const Node node = nodeOf(request);
    management_.setConsole(node.id.uuid, on, request.actor);
    response.header("Location",
                    fmt::format("{}/v1/nodes/{}/states/console", request.localBase, node.id.uuid));
    response.sendEmpty(202);
}

void NodeHardwareApi::media(Request& request, Response& response) const
{
    requireVersion(request, 93, "vmedia");
    wire::JsonWriter out;
    out.beginObject().key("vmedia").beginArray();
    for (const drivers::Medium& medium : management_.media(identOf(request))) {
        out.beginObject().key("device_type").string(medium.deviceType);
        out.key("image_url").string(platform::shownUrl(medium.url)).key("inserted").boolean(true).endObject();
    }
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeHardwareApi::attachMedia(Request& request, Response& response) const
{
    requireVersion(request, 89, "vmedia");
    const json body = jsonBody(request);
    if (!body.is_object())
        throw wire::missingParameter("device_type", R"({"device_type": "cdrom", "image_url": ...})");
    wire::refuseUnknown(body, {"device_type", "image_url", "image_download_source"}, "vmedia");
    const std::string type = wire::asString(parameterOf(body, "device_type"), "device_type");
    if (std::ranges::find(kMediaTypes, type) == kMediaTypes.end())
        throw wire::notOneOf("device_type", type, kMediaTypes);
    const std::string url = wire::asString(parameterOf(body, "image_url"), "image_url");
    checkMediaUrl(url,
                  {parts_.context.images.settings().sources.outgoing, conductor::askerOf(nodeOf(request))});
    management_.insertMedium(identOf(request), {type, url});
    response.sendEmpty(204);
}

void NodeHardwareApi::detachMedia(Request& request, Response& response) const
{
    requireVersion(request, 89, "vmedia");
    const std::string asked = "," + request.queryParam("device_types").value_or("cdrom,disk,floppy") + ",";
    std::vector<std::string> types;
    for (const std::string_view type : kMediaTypes)
        if (asked.find(fmt::format(",{},", type)) != std::string::npos)
            types.emplace_back(type);
    management_.ejectMedia(identOf(request), types);
    response.sendEmpty(204);
}

} // namespace bm::api
