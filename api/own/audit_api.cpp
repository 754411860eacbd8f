#include "api/own/audit_api.h"

#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/text/printable.h"
#include "common/wire/json/json_writer.h"
#include "conductor/core/nodes.h"
#include "db/repositories/audit_repository.h"

#include <array>
#include <fmt/format.h>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

namespace {

bool mayChange(Method method)
{
    return method == Method::Post || method == Method::Put || method == Method::Patch ||
           method == Method::Delete;
}

constexpr std::size_t kNameText = 255; // bytes, of a node's name at most

struct Target {
    std::string kind{};
    std::string id{};
    std::string name{};
};

/// The value of the route's first parameter; for a POST the name in the Location of the response.
std::string targetName(const Request& request, const Response& response)
{
    const std::size_t open = request.route.find('{');
    const std::size_t close = request.route.find_first_of("}*", open);
    if (open != std::string::npos && close != std::string::npos) {
        const auto found = request.pathParams.find(request.route.substr(open + 1, close - open - 1));
        return found == request.pathParams.end() ? "" : found->second.substr(0, 255);
    }
    for (const auto& [name, value] : response.headers)
        if (name == "Location" && response.status == 201)
            return value.substr(value.rfind('/') + 1);
    return {};
}

/// The resource's kind is the first part of the route: /v1/nodes/{ident} is a node.
Target targetOf(const Request& request, const Response& response)
{
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kKinds{{
        {"/v1/nodes", "node"},
        {"/v1/ports", "port"},
        {"/v1/images", "image"},
        {"/v1/rollouts", "rollout"},
        {"/v1/schedules", "schedule"},
        {"/v1/webhooks", "webhook"},
    }};
    Target target;
    for (const auto& [beginning, kind] : kKinds)
        if (request.route.starts_with(beginning))
            target.kind = kind;
    target.name = targetName(request, response);
    if (model::isUuid(target.name))
        target.id = target.name;
    return target;
}

/// Adds uuid and name of a node. A deleted node keeps the name from the request.
void nameNode(db::Transaction& tx, model::AuditRecord& record)
{
    if (record.targetKind != "node" || record.targetName.empty())
        return;
    try {
        const model::Node node = conductor::findNode(tx, record.targetName);
        record.targetId = node.id.uuid;
        record.targetName = node.name.empty() ? record.targetName : node.name;
    } catch (const model::Error&) { // keep the result of targetOf()
    }
}

void writeRecord(wire::JsonWriter& out, const model::AuditRecord& record)
{
    out.beginObject();
    out.key("sequence").number(record.sequence);
    out.key("at").time(record.at);
    out.key("actor").string(record.actor);
    out.key("remote_address").stringOrNull(record.remoteAddress);
    out.key("request_id").stringOrNull(record.requestId);
    out.key("action").string(record.action);
    out.key("target_kind").stringOrNull(record.targetKind);
    out.key("target_id").stringOrNull(record.targetId);
    out.key("target_name").stringOrNull(record.targetName);
    out.key("outcome").string(record.outcome);
    if (record.status == 0)
        out.key("status").null();
    else
        out.key("status").number(std::int64_t{record.status});
    out.key("code").stringOrNull(record.code);
    out.key("detail").stringOrNull(record.detail);
    out.endObject();
}

} // namespace

void AuditApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/audit", [this](Request& q, Response& a) { list(q, a); });
}

/// A client without a login gets a share of the audit log; beyond, and for the password guesses that bmd
/// refuses unchecked, its requests are counted.
bool AuditApi::isStored(const Request& request, const Response& response) const
{
    if (request.proved)
        return true;
    const conductor::Context& context = parts_.context;
    const conductor::Cause cause{std::string(conductor::kAuditCause), request.peerAddress};
    const bool unchecked = response.status == 503 && request.actor.empty();
    if (!unchecked)
        return context.strangers.admits(cause, context.clock.now());
    context.strangers.count(cause);
    return false;
}

void AuditApi::record(const Request& request, const Response& response, const http::Finish& finish) const
{
    if (!mayChange(request.method) || request.route.empty() ||
        request.route.starts_with("/v1/heartbeat") || // of agents
        !isStored(request, response))
        return;
    const Target target = targetOf(request, response);
    model::AuditRecord record;
    record.at = parts_.context.clock.now();
    record.actor = request.proved && !request.actor.empty() ? request.actor : "(unknown)";
    record.remoteAddress = request.peerAddress;
    record.requestId = request.requestId;
    record.action = fmt::format("{} {}", toText(request.method), request.route);
    record.targetKind = target.kind;
    record.targetId = target.id;
    record.targetName = text::shortPrintable(target.name, kNameText);
    record.outcome = response.status < 400 ? "accepted" : "refused";
    record.status = response.status;
    record.code = finish.errorCode;
    parts_.context.database.writeAsync(
        [record](db::Transaction& tx) {
            model::AuditRecord named = record;
            nameNode(tx, named);
            db::AuditRepository{}.append(tx, named);
        },
        [record](const model::Error& error) {
            platform::logError("audit", "{} by {} ({}): cannot write the audit record: {}", record.action,
                               record.actor, record.requestId, error.what());
        });
}

/// Without ?after= the latest records, otherwise the following ones; both in chronological order.
void AuditApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "after limit actor node target action since");
    parts_.context.database.flush();
    db::AuditFilter filter;
    filter.after = numberOf(request, "after", 0, INT64_MAX);
    filter.actor = request.queryParam("actor").value_or("");
    filter.action = request.queryParam("action").value_or("");
    filter.target = request.queryParam("target").value_or("");
    if (const auto since = request.queryParam("since"))
        filter.since = model::fromMillis(numberOf(request, "since", 0, INT64_MAX / 2'000) * 1'000);
    if (const auto node = request.queryParam("node")) {
        filter.targetKind = "node";
        filter.target = model::isUuid(*node) ? *node : parts_.nodes.get(*node).id.uuid;
    }
    const std::size_t limit = limitOf(request, 1'000);
    const bool fromStart = request.queryParam("after").has_value();
    const std::vector<model::AuditRecord> records = parts_.context.database.read([&](db::Transaction& tx) {
        return fromStart ? db::AuditRepository{}.list(tx, filter, limit)
                         : db::AuditRepository{}.latest(tx, filter, limit);
    });
    wire::JsonWriter out;
    out.beginObject().key("audit").beginArray();
    for (const model::AuditRecord& record : records)
        writeRecord(out, record);
    out.endArray().key("next_after").number(records.empty() ? filter.after : records.back().sequence);
    out.endObject();
    response.sendJson(200, out.text());
}

} // namespace bm::api
