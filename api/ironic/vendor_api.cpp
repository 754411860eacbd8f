#include "api/ironic/vendor_api.h"

#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/json/schema_words.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

drivers::VendorMethod methodOf(const std::vector<drivers::VendorMethod>& all, const std::string& name)
{
    if (name.empty())
        throw Error(ErrorCode::InvalidInput, "Method not specified when calling vendor extension.",
                    "use vendor_passthru?method=NAME; vendor_passthru/methods lists the methods");
    const auto found = std::ranges::find(all, name, &drivers::VendorMethod::name);
    if (found == all.end())
        throw Error(ErrorCode::InvalidInput, fmt::format("No handler for method {}.", name.substr(0, 80)),
                    "vendor_passthru/methods lists the methods");
    return *found;
}

/// The method's name in vendor_passthru?method=NAME or vendor_passthru/NAME.
std::string methodNameOf(const Request& request)
{
    const auto part = request.pathParams.find("method");
    return part == request.pathParams.end() ? request.queryParam("method").value_or("") : part->second;
}

json bodyOf(Request& request)
{
    const std::string text = request.body();
    return text.empty() ? json::object() : wire::parseObject(text);
}

/// The arguments of @p method in @p body. @throws Error InvalidInput for a wrong type
drivers::Values argumentsOf(const drivers::VendorMethod& method, const json& body)
{
    drivers::Values arguments;
    for (const drivers::VendorArgument& argument : method.arguments) {
        const json* value = wire::memberOf(body, argument.name);
        if (value == nullptr)
            continue;
        if (argument.flag)
            arguments[argument.name] = wire::asBoolean(*value, argument.name) ? "true" : "false";
        else
            arguments[argument.name] = wire::stringMember(body, argument.name);
    }
    return arguments;
}

constexpr auto kRaidProperties = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"raid_level", "RAID level for the logical disk: JBOD, 0, 1, 2, 5, 6, 1+0, 5+0 or 6+0. Required."},
    {"size_gb", "Size in GiB, or 'MAX' for the rest of the space. Required."},
    {"volume_name", "Name of the volume. Optional."},
    {"is_root_volume", "Whether the root file system goes there; False by default. Optional."},
    {"share_physical_disks",
     "Whether other logical disks may use its physical disks; False by default. Optional."},
    {"disk_type", "'hdd' or 'ssd'. Optional."},
    {"interface_type", "'sata', 'scsi' or 'sas'. Optional."},
    {"number_of_physical_disks", "How many; as few as the level takes by default. Optional."},
    {"controller", "'software' for software RAID. Optional."},
    {"physical_disks", "Hints of the disks to use. Optional."},
});

} // namespace

void VendorApi::mount(http::Router& router)
{
    const std::string node = "/v1/nodes/{ident}/vendor_passthru",
                      driver = "/v1/drivers/{name}/vendor_passthru";
    router.add(Method::Get, node + "/methods", [this](Request& q, Response& a) { methods(q, a); });
    router.add(Method::Get, driver + "/methods", [this](Request& q, Response& a) { driverMethods(q, a); });
    const http::Handler ofNode = [this](Request& q, Response& a) { call(q, a); };
    const http::Handler ofDriver = [this](Request& q, Response& a) { driverCall(q, a); };
    for (const Method method : {Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete})
        for (const char* const last : {"", "/{method}"}) {
            router.add(method, node + last, ofNode);
            router.add(method, driver + last, ofDriver);
        }
    router.add(Method::Get, "/v1/drivers/{name}/raid/logical_disk_properties",
               [this](Request& q, Response& a) { raidProperties(q, a); });
    router.add(Method::Post, "/v1/events", [this](Request& q, Response& a) { events(q, a); });
}

void VendorApi::raidProperties(Request& request, Response& response) const
{
    requireVersion(request, 12, "raid", TooOld::NotAcceptable);
    knownDriver(request);
    wire::JsonWriter out;
    out.beginObject();
    for (const auto& [name, text] : kRaidProperties)
        out.key(name).string(text);
    response.sendJson(200, out.endObject().text());
}

std::string VendorApi::knownDriver(const Request& request) const
{
    const std::string& name = request.pathParam("name");
    if (!parts_.context.hardware.contains(name))
        throw Error(ErrorCode::NotFound, "Could not find the following driver(s) or hardware type(s): " +
                                             name.substr(0, 80) + ".");
    return name;
}

void VendorApi::methods(Request& request, Response& response) const
{
    wire::JsonWriter out;
    out.beginObject();
    for (const drivers::VendorMethod& method : management_.vendorMethods(identOf(request))) {
        out.key(method.name).beginObject().key("http_methods").raw(R"(["POST"])");
        out.key("async").boolean(method.async).key("description").string(method.description);
        out.key("attach").boolean(false).key("require_exclusive_lock").boolean(method.exclusive).endObject();
    }
    response.sendJson(200, out.endObject().text());
}

void VendorApi::call(Request& request, Response& response) const
{
    const std::string ident = identOf(request);
    const std::string name = methodNameOf(request);
    const drivers::VendorMethod method = methodOf(management_.vendorMethods(ident), name);
    if (request.method != Method::Post)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("The method {} does not support HTTP {}", name, http::toText(request.method)),
                    "use POST");
    const drivers::Values arguments = argumentsOf(method, bodyOf(request));
    const drivers::VendorOutcome outcome = management_.callVendor(ident, method, arguments, request.actor);
    if (method.async)
        response.sendEmpty(202);
    else
        response.sendJson(200, outcome.json);
}

void VendorApi::driverMethods(Request& request, Response& response) const
{
    knownDriver(request);
    response.sendJson(200, "{}");
}

void VendorApi::driverCall(Request& request, Response&) const
{
    const std::string driver = knownDriver(request);
    throw Error(ErrorCode::InvalidInput,
                fmt::format("Driver {} does not support vendor passthru method {}", driver,
                            methodNameOf(request).substr(0, 80)),
                "drivers/NAME/vendor_passthru/methods lists the methods");
}

void VendorApi::events(Request& request, Response& response) const
{
    const json body = jsonBody(request);
    constexpr const char* kHint = R"({"events": [{"event": "network.bind_port", ...}]})";
    if (!body.is_object())
        throw wire::notOfType("Schema error for evts", body, "'object'", kHint);
    const json* events = wire::memberOf(body, "events");
    if (events == nullptr)
        throw wire::missingProperty("Schema error for evts", "events", kHint);
    if (!events->is_array())
        throw wire::notOfType("events", *events, "'array'", kHint);
    constexpr auto kKnown =
        std::to_array<std::string_view>({"network.bind_port", "network.unbind_port", "network.delete_port"});
    for (std::size_t i = 0; i < events->size(); ++i) {
        const std::string name = (*events)[i].is_object() ? wire::stringMember((*events)[i], "event") : "";
        if (std::ranges::find(kKnown, name) == kKnown.end())
            throw wire::notOneOf(fmt::format("events[{}].event", i), name, kKnown);
    }
    requireVersion(request, 54, "events", TooOld::NoSuchResource); // after the body, as in Ironic
    response.sendEmpty(204);
}

} // namespace bm::api
