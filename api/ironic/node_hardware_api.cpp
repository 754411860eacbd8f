#include "api/ironic/node_hardware_api.h"

#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/ironic/node_view.h"
#include "common/model/error.h"
#include "common/model/interfaces.h"
#include "common/platform/urls.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/resources/resource_links.h"

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

Error unsupported(const Node& node, std::string_view what, std::string_view kind)
{
    return {ErrorCode::InvalidInput,
            fmt::format("Driver {} does not support {} (disabled or not implemented).", node.driver, what),
            fmt::format("the node's {}_interface is \"{}\"", kind, model::interfaceOf(node, kind))};
}

void requireFake(const Node& node, std::string_view what, std::string_view kind)
{
    if (model::interfaceOf(node, kind) != "fake")
        throw unsupported(node, what, kind);
}

struct Indicator {
    std::string_view component;
    std::string_view name;
    bool readOnly;
    std::array<std::string_view, 3> states; ///< "" ends them
};
/// Of fake-hardware, after Ironic's.
constexpr auto kIndicators = std::to_array<Indicator>({
    {"chassis", "led-0", true, {"off", "on"}},
    {"system", "led", false, {"blinking", "off", "on"}},
});

std::span<const std::string_view> statesOf(const Indicator& indicator)
{
    return {indicator.states.begin(), std::ranges::find(indicator.states, std::string_view{})};
}

const Indicator& indicatorOf(const Request& request, const Node& node)
{
    requireFake(node, "indicators", "management");
    const std::string component = request.pathParam("component"), name = request.pathParam("indicator");
    for (const Indicator& row : kIndicators)
        if (row.component == component &&
            (row.name == name || fmt::format("{}@{}", row.name, row.component) == name))
            return row;
    throw Error(ErrorCode::NotFound, fmt::format("Indicator {} of component {} could not be found.",
                                                 name.substr(0, 80), component.substr(0, 80)));
}

std::string keyOf(const Indicator& indicator)
{
    return fmt::format("{}@{}", indicator.name, indicator.component);
}

constexpr auto kRaidLevels =
    std::to_array<std::string_view>({"0", "1", "2", "5", "6", "1+0", "5+0", "6+0", "JBOD"});

void checkLogicalDisk(const json& disk, const std::string& where)
{
    if (!disk.is_object())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}: expected an object, got {}", where, wire::kindOf(disk)));
    wire::refuseUnknown(disk,
                        {"raid_level", "size_gb", "is_root_volume", "volume_name", "share_physical_disks",
                         "disk_type", "interface_type", "number_of_physical_disks", "controller",
                         "physical_disks"},
                        where);
    const std::string level = wire::stringMember(disk, "raid_level");
    if (std::ranges::find(kRaidLevels, level) == kRaidLevels.end())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("{}.raid_level: \"{}\" is none", where, level.substr(0, 40)),
                    fmt::format("one of {}", fmt::join(kRaidLevels, ", ")));
    const json* size = wire::memberOf(disk, "size_gb");
    const bool most = size != nullptr && size->is_string() && *size == "MAX";
    constexpr std::int64_t kMostGib = 1'000'000;
    if (size == nullptr)
        throw Error(ErrorCode::InvalidInput, where + ".size_gb: required", "a number of GiB, or \"MAX\"");
    if (!most)
        wire::asInteger(*size, where + ".size_gb", 1, kMostGib);
}

/// The server, and later the machine, fetch from it.
void checkMediaUrl(const std::string& url)
{
    const bool web = url.starts_with("http://") || url.starts_with("https://");
    if (!web || platform::isLinkLocalUrl(url))
        throw Error(ErrorCode::InvalidInput,
                    "image_url: \"" + platform::shownUrl(url).substr(0, 200) + "\" is refused",
                    "an http or https URL of a host that is not link-local");
}

} // namespace

Node NodeHardwareApi::nodeOf(const Request& request) const
{
    return parts_.nodes.get(identOf(parts_, request));
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
    const std::string one = base + "indicators/{component}/{indicator}";
    router.add(Method::Get, one, [this](Request& q, Response& a) { indicator(q, a); });
    router.add(Method::Put, one, [this](Request& q, Response& a) { setIndicator(q, a); });
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
    const std::optional<drivers::BootRequest> boot = management_.bootDevice(identOf(parts_, request));
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
    wire::refuseUnknown(body, {"boot_device", "persistent"}, "boot_device");
    const std::string name = wire::stringMember(body, "boot_device");
    const std::optional<model::BootDevice> device = model::bootDeviceFromText(name);
    if (!device)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Invalid boot device \"{}\" specified.", name.substr(0, 80)),
                    "pxe, disk, cdrom, bios, safe");
    const json* persistent = wire::memberOf(body, "persistent");
    management_.setBootDevice(identOf(parts_, request), *device,
                              persistent != nullptr && wire::asBoolean(*persistent, "persistent"),
                              request.actor);
    response.sendEmpty(204);
}

void NodeHardwareApi::supportedBootDevices(Request& request, Response& response) const
{
    nodeOf(request);
    wire::JsonWriter out;
    out.beginObject().key("supported_boot_devices").beginArray();
    for (const model::BootDevice device : conductor::Management::supportedDevices())
        out.string(model::toText(device));
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeHardwareApi::injectNmi(Request& request, Response& response) const
{
    requireVersion(request, 29, "inject_nmi");
    if (const std::string body = request.body(kSmallBody);
        !body.empty() && wire::parseJson(body) != json::object())
        throw Error(ErrorCode::InvalidInput, "the body: expected {}");
    management_.injectNmi(identOf(parts_, request), request.actor);
    response.sendEmpty(204);
}

void NodeHardwareApi::indicators(Request& request, Response& response) const
{
    requireVersion(request, 63, "indicators");
    const Node node = nodeOf(request);
    requireFake(node, "indicators", "management");
    wire::JsonWriter out;
    out.beginObject().key("indicators").beginArray();
    for (const Indicator& row : kIndicators) {
        out.beginObject().key("name").string(keyOf(row)).key("component").string(row.component);
        out.key("readonly").boolean(row.readOnly).key("states").beginArray();
        for (const std::string_view state : statesOf(row))
            out.string(state);
        wire::writeLinks(out.endArray().key("links"), request.localBase,
                         fmt::format("nodes/{}/management/indicators/{}", node.id.uuid, keyOf(row)));
        out.endObject();
    }
    response.sendJson(200, out.endArray().endObject().text());
}

void NodeHardwareApi::indicator(Request& request, Response& response) const
{
    requireVersion(request, 63, "indicators");
    const Node node = nodeOf(request);
    const Indicator& row = indicatorOf(request, node);
    const json states = internalOf(node).value("indicators", json::object());
    response.sendJson(200, wire::JsonWriter{}
                               .beginObject()
                               .key("state")
                               .string(states.value(keyOf(row), "off"))
                               .endObject()
                               .text());
}

void NodeHardwareApi::setIndicator(Request& request, Response& response) const
{
    requireVersion(request, 63, "indicators");
    const Node node = nodeOf(request);
    const Indicator& row = indicatorOf(request, node);
    const std::string state = wire::stringMember(jsonBody(request), "state");
    if (row.readOnly || std::ranges::find(statesOf(row), state) == statesOf(row).end())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Invalid indicator state \"{}\"", state.substr(0, 80)),
                    row.readOnly ? "the indicator can only be read" : "blinking, off, on");
    changeInternal(parts_, request, [&](json& internal) { internal["indicators"][keyOf(row)] = state; });
    response.sendEmpty(204);
}

void NodeHardwareApi::setBootMode(Request& request, Response& response) const
{
    requireVersion(request, 76, "boot_mode");
    const std::string target = wire::stringMember(jsonBody(request), "target");
    const std::optional<model::BootMode> mode = model::bootModeFromText(target);
    if (!mode)
        throw Error(ErrorCode::InvalidInput, fmt::format("Invalid boot mode \"{}\"", target.substr(0, 80)),
                    "bios, uefi");
    const Node node = nodeOf(request);
    requireFake(node, "setting the boot mode", "management");
    parts_.nodes.update(
        node.id.uuid, [&](Node& stored) { stored.bootMode = model::toText(*mode); }, request.actor);
    accepted(request, response, node);
}

void NodeHardwareApi::setSecureBoot(Request& request, Response& response) const
{
    requireVersion(request, 76, "secure_boot");
    const json body = jsonBody(request);
    const json* target = body.is_object() ? wire::memberOf(body, "target") : nullptr;
    if (target == nullptr)
        throw Error(ErrorCode::InvalidInput, "target: required", R"({"target": true})");
    const bool on = wire::asBoolean(*target, "target");
    const Node node = nodeOf(request);
    requireFake(node, "setting Secure Boot", "management");
    if (on && node.bootMode == model::toText(model::BootMode::Bios))
        throw Error(ErrorCode::InvalidInput, "Secure Boot needs the boot mode uefi");
    parts_.nodes.update(
        node.id.uuid, [&](Node& stored) { stored.secureBoot = on; }, request.actor);
    accepted(request, response, node);
}

void NodeHardwareApi::setRaid(Request& request, Response& response) const
{
    requireVersion(request, 12, "raid");
    const json body = jsonBody(request);
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput, R"(the body: expected {"logical_disks": [...]})");
    wire::refuseUnknown(body, {"logical_disks"}, "target_raid_config");
    const Node node = nodeOf(request);
    if (model::interfaceOf(node, "raid").starts_with("no-"))
        throw unsupported(node, "raid", "raid");
    if (const json* disks = wire::memberOf(body, "logical_disks")) {
        if (!disks->is_array())
            throw Error(ErrorCode::InvalidInput, "logical_disks: expected a list");
        std::size_t roots = 0;
        for (std::size_t i = 0; i < disks->size(); ++i) {
            checkLogicalDisk((*disks)[i], fmt::format("logical_disks[{}]", i));
            roots += (*disks)[i].value("is_root_volume", false) ? 1U : 0U;
        }
        if (roots > 1)
            throw Error(ErrorCode::InvalidInput, "logical_disks: more than one has is_root_volume");
    }
    parts_.nodes.update(
        node.id.uuid, [&](Node& stored) { stored.targetRaidConfig = wire::canonical(body); }, request.actor);
    response.sendEmpty(204);
}

void NodeHardwareApi::setConsole(Request& request, Response& response) const
{
    const json body = jsonBody(request);
    const json* enabled = body.is_object() ? wire::memberOf(body, "enabled") : nullptr;
    if (enabled == nullptr)
        throw Error(ErrorCode::InvalidInput, "enabled: required", R"({"enabled": true})");
    const bool on = wire::asBoolean(*enabled, "enabled");
    const Node node = nodeOf(request);
    requireFake(node, "a console", "console");
    parts_.nodes.update(
        node.id.uuid, [&](Node& stored) { stored.consoleEnabled = on; }, request.actor);
    response.header("Location",
                    fmt::format("{}/v1/nodes/{}/states/console", request.localBase, node.id.uuid));
    response.sendEmpty(202);
}

void NodeHardwareApi::media(Request& request, Response& response) const
{
    requireVersion(request, 93, "vmedia");
    const Node node = nodeOf(request);
    requireFake(node, "virtual media", "management");
    wire::JsonWriter out;
    out.beginObject().key("vmedia").raw(internalOf(node).value("vmedia", json::array()).dump()).endObject();
    response.sendJson(200, out.text());
}

void NodeHardwareApi::attachMedia(Request& request, Response& response) const
{
    requireVersion(request, 89, "vmedia");
    const json body = jsonBody(request);
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput,
                    R"(the body: expected {"device_type": "cdrom", "image_url": ...})");
    wire::refuseUnknown(body, {"device_type", "image_url", "image_download_source"}, "vmedia");
    const std::string type = wire::stringMember(body, "device_type");
    constexpr auto kTypes = std::to_array<std::string_view>({"cdrom", "disk", "floppy"});
    if (std::ranges::find(kTypes, type) == kTypes.end())
        throw Error(ErrorCode::InvalidInput, fmt::format("device_type: \"{}\" is none", type.substr(0, 40)),
                    "cdrom, disk, floppy");
    const std::string url = wire::stringMember(body, "image_url");
    checkMediaUrl(url);
    const Node node = nodeOf(request);
    requireFake(node, "virtual media", "management");
    changeInternal(parts_, request, [&](json& internal) {
        json kept = json::array(
            {{{"device_type", type}, {"image_url", platform::shownUrl(url)}, {"inserted", true}}});
        for (const json& one : internal.value("vmedia", json::array()))
            if (one.at("device_type") != type)
                kept.push_back(one);
        internal["vmedia"] = kept;
    });
    response.sendEmpty(204);
}

void NodeHardwareApi::detachMedia(Request& request, Response& response) const
{
    requireVersion(request, 89, "vmedia");
    refuseOtherQuery(request, "device_types");
    const std::string types = "," + request.queryParam("device_types").value_or("cdrom,disk,floppy") + ",";
    const Node node = nodeOf(request);
    requireFake(node, "virtual media", "management");
    changeInternal(parts_, request, [&](json& internal) {
        json kept = json::array();
        for (const json& one : internal.value("vmedia", json::array()))
            if (types.find("," + one.at("device_type").get<std::string>() + ",") == std::string::npos)
                kept.push_back(one);
        internal["vmedia"] = kept;
    });
    response.sendEmpty(204);
}

} // namespace bm::api
