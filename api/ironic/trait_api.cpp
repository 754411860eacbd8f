#include "api/ironic/trait_api.h"

#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/json/schema_words.h"
#include "common/wire/resources/trait_names.h"
#include "conductor/resources/step_list_rules.h"

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

using Traits = std::vector<std::string>;

Traits traitsFrom(Request& request)
{
    const json body = jsonBody(request);
    if (!body.is_object())
        throw wire::notOfType("Schema error for body", body, "'object'", R"({"traits": [...]})");
    wire::refuseUnknown(body, {"traits"}, "traits");
    if (!body.contains("traits"))
        throw wire::missingParameter("traits", R"({"traits": [...]})");
    if (body.at("traits").is_null())
        throw wire::notOfType("traits", body.at("traits"), "'array'");
    return wire::asTraits(body.at("traits"), "traits");
}

model::JsonText changed(const model::JsonText& before, const std::function<void(Traits&)>& change)
{
    Traits traits = json::parse(before.text).get<Traits>();
    change(traits);
    return wire::traitsText(traits);
}

void refuseBody(Request& request)
{
    const std::string body = request.body();
    const json value = body.empty() ? json() : wire::parseJson(body);
    constexpr const char* kHint = "a request that adds a trait has no body";
    if (!value.is_null() && !value.is_object())
        throw wire::notOfType("the body", value, "'object'", kHint);
    if (!value.empty())
        throw wire::unexpectedProperty("the body", value.begin().key(), kHint);
}

/// Below 1.37 Ironic takes "traits" for an argument of the node's own route.
TooOld ofNodes(Method method)
{
    return method == Method::Get   ? TooOld::NotAcceptable
           : method == Method::Put ? TooOld::NotAllowed
                                   : TooOld::NoSuchResource;
}

} // namespace

TraitApi::Owner TraitApi::nodes() const
{
    return {"/v1/nodes",
            "Node",
            37,
            ofNodes,
            [this](const std::string& ident) { return parts_.nodes.get(ident).traits; },
            [this](const std::string& ident, const std::string& actor, const Change& change) {
                return parts_.nodes
                    .update(
                        ident, [&](model::Node& node) { node.traits = changed(node.traits, change); }, actor)
                    .id.uuid;
            }};
}

TraitApi::Owner TraitApi::runbooks() const
{
    const conductor::Resources<model::Runbook> runbooks(parts_.context, conductor::runbookRules());
    return {"/v1/runbooks",
            "Runbook",
            112,
            [](Method) { return TooOld::NotFound; },
            [runbooks](const std::string& ident) { return runbooks.get(ident).traits; },
            [runbooks](const std::string& ident, const std::string& actor, const Change& change) {
                return runbooks
                    .update(
                        ident,
                        [&](model::Runbook& runbook) { runbook.traits = changed(runbook.traits, change); },
                        actor)
                    .id.uuid;
            }};
}

void TraitApi::mount(http::Router& router)
{
    mount(router, nodes());
    mount(router, runbooks());
}

void TraitApi::mount(http::Router& router, const Owner& owner)
{
    const std::string path = owner.path + "/{ident}/traits";
    const auto ident = [](const Request& request) { return identOf(request); };
    const auto change = [owner, ident](Request& request, Response& response, const Change& how) {
        owner.update(ident(request), request.actor, how);
        response.sendEmpty(204);
    };
    const auto add = [&](Method method, const std::string& where, auto handler) {
        const TooOld refusal = owner.tooOld(method);
        router.add(method, where, [owner, refusal, handler](Request& request, Response& response) {
            requireVersion(request, owner.since, "traits", refusal);
            handler(request, response);
        });
    };
    add(Method::Get, path, [owner, ident](Request& request, Response& response) {
        wire::JsonWriter out;
        out.beginObject().key("traits").json(owner.get(ident(request))).endObject();
        response.sendJson(200, out.text());
    });
    add(Method::Put, path, [change](Request& request, Response& response) {
        change(request, response, [wanted = traitsFrom(request)](Traits& traits) { traits = wanted; });
    });
    add(Method::Delete, path, [change](Request& request, Response& response) {
        change(request, response, [](Traits& traits) { traits.clear(); });
    });
    add(Method::Put, path + "/{trait}", [owner, ident](Request& request, Response& response) {
        refuseBody(request);
        const std::string& trait = request.pathParam("trait");
        const std::string uuid =
            owner.update(ident(request), request.actor, [&](Traits& traits) { traits.push_back(trait); });
        response.header("Location",
                        fmt::format("{}{}/{}/traits/{}", request.localBase, owner.path, uuid, trait));
        response.sendEmpty(204);
    });
    add(Method::Delete, path + "/{trait}", [change, owner](Request& request, Response& response) {
        change(request, response, [&](Traits& traits) {
            if (std::erase(traits, request.pathParam("trait")) == 0)
                throw Error(ErrorCode::NotFound, owner.one + " " + request.pathParam("ident") +
                                                     " doesn't have a trait '" + request.pathParam("trait") +
                                                     "'");
        });
    });
}

} // namespace bm::api
