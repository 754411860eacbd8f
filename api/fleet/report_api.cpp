#include "api/fleet/report_api.h"

#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/wire/json/json_writer.h"
#include "conductor/operations/verify_request.h"
#include "conductor/steps/reports.h"
#include "db/repositories/report_repository.h"

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

namespace {

void writeReport(wire::JsonWriter& out, const conductor::Context& context, const model::NodeReport& report)
{
    out.beginObject().key("kind").string(report.kind);
    out.key("created_at").time(report.createdAt);
    out.key("body").raw(report.body.text);
    out.key("signed_text").string(report.body.text);
    out.key("signature").string(report.signature);
    out.key("public_key").string(report.publicKey);
    out.key("verdict").string(conductor::verdictOn(context, report)).endObject();
}

} // namespace

void ReportApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/nodes/{ident}/report", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Post, "/v1/nodes/{ident}/verify", [this](Request& q, Response& a) { verify(q, a); });
}

void ReportApi::show(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    std::vector<model::NodeReport> reports;
    parts_.context.database.read([&](db::Transaction& tx) {
        for (const char* kind : {"deploy", "verify"})
            if (const auto found = db::ReportRepository{}.latest(tx, node.id, kind))
                reports.push_back(*found);
    });
    if (reports.empty())
        throw model::Error(model::ErrorCode::NotFound, "node " + node.id.uuid + " has no report",
                           "deploy the node to create one: bm provision");
    wire::JsonWriter out;
    out.beginObject().key("node_uuid").string(node.id.uuid).key("reports").beginArray();
    for (const model::NodeReport& report : reports)
        writeReport(out, parts_.context, report);
    response.sendJson(200, out.endArray().endObject().text());
}

void ReportApi::verify(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    const model::OperationId id = conductor::beginVerifyDisk(parts_.context, node.id.uuid, request.actor);
    response.header("Location", request.localBase + "/v1/nodes/" + node.id.uuid + "/operation");
    wire::JsonWriter out;
    out.beginObject().key("operation").string(id.uuid).key("node_uuid").string(node.id.uuid);
    response.sendJson(202, out.endObject().text());
}

} // namespace bm::api
