#include "api/ironic/node_states_api.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/ironic/node_view.h"
#include "common/model/error.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/provision_request.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

void accepted(const Request& request, Response& response, const model::Node& node)
{
    response.header("Location", fmt::format("{}/v1/nodes/{}/states", request.localBase, node.id.uuid));
    response.sendEmpty(202);
}

/// Ironic's message, with the target of the request.
Error refusedVerb(ErrorCode code, const std::string& target, const model::Node& node)
{
    const std::string verbs = conductor::verbsOf(node.state);
    const std::string& shownName = node.name.empty() ? node.id.uuid : node.name;
    return {
        code,
        fmt::format(
            "The requested action \"{}\" can not be performed on node \"{}\" while it is in state \"{}\".",
            target.substr(0, 80), node.id.uuid, model::toText(node.state)),
        verbs.empty() ? fmt::format("wait until its operation ends, or: bm abort {}", shownName)
                      : fmt::format("possible in this state: {}", verbs)};
}

/// The states that Ironic shows, in its order.
constexpr std::string_view kStates[] = {"console_enabled",      "last_error",
                                        "power_state",          "provision_state",
                                        "target_power_state",   "target_provision_state",
                                        "provision_updated_at", "raid_config",
                                        "target_raid_config",   "boot_mode",
                                        "secure_boot"};

} // namespace

void NodeStatesApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/nodes/{ident}/states", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Put, "/v1/nodes/{ident}/states/power",
               [this](Request& q, Response& a) { setPower(q, a); });
    router.add(
        Method::Put, "/v1/nodes/{ident}/states/provision",
        [this](Request& q, Response& a) { setProvision(q, a); }, kLargeBody);
    router.add(Method::Get, "/v1/nodes/{ident}/states/console",
               [this](Request& q, Response& a) { console(q, a); });
}

void NodeStatesApi::show(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    const wire::Version version = versionOf(request);
    wire::NodeFieldList fields;
    for (std::string_view name : kStates)
        if (const wire::NodeField* field = wire::findNodeField(name); field->since <= version.minor)
            fields.push_back(field);
    response.sendJson(200, nodeText(parts_, request, node, fields));
}

void NodeStatesApi::setPower(Request& request, Response& response) const
{
    const wire::PowerRequest wanted = wire::powerFromBody(jsonBody(request), versionOf(request));
    const model::Node node = parts_.nodes.get(identOf(request));
    const std::optional<model::PowerTarget> target = model::powerTargetFromText(wanted.target);
    if (!target)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Cannot perform the requested power action: \"{}\" is not one",
                                wanted.target.substr(0, 80)),
                    "use power on, power off, rebooting, soft power off or soft rebooting");
    std::optional<std::chrono::milliseconds> timeout;
    if (wanted.timeoutSeconds)
        timeout = std::chrono::seconds(*wanted.timeoutSeconds);
    parts_.operations.power(node.id.uuid, *target, timeout, request.actor);
    accepted(request, response, node);
}

void NodeStatesApi::setProvision(Request& request, Response& response) const
{
    wire::VerbRequest wanted = wire::verbFromBody(jsonBody(request), versionOf(request));
    const model::Node node = parts_.nodes.get(identOf(request));
    const std::optional<model::StateEvent> verb = conductor::verbFromTarget(wanted.target);
    if (!verb)
        throw refusedVerb(ErrorCode::InvalidInput, wanted.target, node);
    if (!wanted.runbook.empty())
        requireRunbook(parts_, request, wanted.runbook);
    wanted.project = projectOf(request);
    try {
        parts_.operations.verb(node.id.uuid, *verb, wanted, request.actor);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::InvalidTransition)
            throw refusedVerb(error.code(), wanted.target, node);
        throw;
    }
    accepted(request, response, node);
}

void NodeStatesApi::console(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    response.sendJson(200, wire::JsonWriter{}
                               .beginObject()
                               .key("console_enabled")
                               .boolean(node.consoleEnabled)
                               .key("console_info")
                               .null()
                               .endObject()
                               .text());
}

} // namespace bm::api
