#include "api/own/log_api.h"

#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/wire/json/json_writer.h"

#include <fmt/format.h>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

void LogApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/logs", [this](Request& q, Response& a) { list(q, a); });
}

/// Without ?after= the latest lines, otherwise the following ones; both in chronological order.
void LogApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "after limit level node area request_id operation");
    platform::LogFilter filter;
    filter.after = static_cast<std::uint64_t>(numberOf(request, "after", 0, INT64_MAX));
    filter.area = request.queryParam("area").value_or("");
    filter.requestId = request.queryParam("request_id").value_or("");
    filter.operation = request.queryParam("operation").value_or("");
    if (const auto level = request.queryParam("level")) {
        const auto known = platform::logLevelFromText(*level);
        if (!known)
            throw model::Error(model::ErrorCode::InvalidInput,
                               fmt::format("level: \"{}\" is not a level", level->substr(0, 40)),
                               "use debug, info, warning or error as the minimum level");
        filter.level = *known;
    }
    if (const auto ident = request.queryParam("node")) {
        const model::Node node = parts_.nodes.get(*ident);
        filter.nodes = {node.id.uuid, node.name};
    }
    const std::vector<platform::LogEntry> entries =
        platform::recentLog(filter, limitOf(request, 5'000), !request.queryParam("after"));
    wire::JsonWriter out;
    out.beginObject().key("logs").beginArray();
    for (const platform::LogEntry& entry : entries) {
        out.beginObject();
        out.key("sequence").number(entry.sequence);
        out.key("at").time(entry.at);
        out.key("level").string(platform::toText(entry.level));
        out.key("area").string(entry.area);
        out.key("message").string(entry.message);
        out.key("request_id").stringOrNull(entry.context.requestId);
        out.key("node").stringOrNull(entry.context.node);
        out.key("operation").stringOrNull(entry.context.operation);
        out.endObject();
    }
    out.endArray().key("next_after").number(entries.empty() ? filter.after : entries.back().sequence);
    out.endObject();
    response.sendJson(200, out.text());
}

} // namespace bm::api
