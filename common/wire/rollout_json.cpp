#include "common/wire/rollout_json.h"

#include "common/wire/json/json_input.h"
#include "common/wire/resources/resource_links.h"

#include <nlohmann/json.hpp>

namespace bm::wire {

namespace {

void writeNumberOrNull(JsonWriter& out, const std::optional<std::int64_t>& value)
{
    if (value)
        out.number(*value);
    else
        out.null();
}

void writeCounts(JsonWriter& out, const model::RolloutCounts& counts)
{
    out.beginObject();
    out.key("total").number(counts.total);
    out.key("pending").number(counts.pending);
    out.key("working").number(counts.working);
    out.key("done").number(counts.done);
    out.key("failed").number(counts.failed);
    out.key("skipped").number(counts.skipped);
    out.key("aborted").number(counts.aborted);
    out.endObject();
}

/// The request without members that may hold secrets.
std::string shownRequest(const model::Rollout& rollout)
{
    nlohmann::json request = nlohmann::json::parse(rollout.request.text, nullptr, false);
    if (!request.is_object())
        return "{}";
    if (request.erase("deploy_sealed") > 0)
        request["deploy"] = "******";
    return canonical(request).text;
}

} // namespace

void writeRollout(JsonWriter& out, const model::Rollout& rollout, const RolloutFigures& figures,
                  std::string_view base)
{
    out.beginObject();
    out.key("uuid").string(rollout.id.uuid);
    out.key("name").string(rollout.name);
    out.key("state").string(model::toText(rollout.state));
    out.key("image").string(rollout.imageWanted);
    out.key("image_uuid").string(rollout.image.uuid);
    out.key("image_name").string(rollout.imageName);
    out.key("content_id").string(rollout.contentId);
    out.key("actor").stringOrNull(rollout.actor);
    out.key("reason").stringOrNull(rollout.reason);
    out.key("hint").stringOrNull(rollout.hint);
    out.key("wave").number(static_cast<std::int64_t>(rollout.wave));
    writeCounts(out.key("nodes"), figures.counts);
    out.key("bytes_done").number(figures.bytesDone);
    out.key("bytes_total").number(figures.bytesTotal);
    writeNumberOrNull(out.key("seconds_left"), figures.secondsLeft);
    out.key("request").raw(shownRequest(rollout));
    out.key("schedule_run").stringOrNull(rollout.scheduleRun);
    out.key("created_at").time(rollout.createdAt);
    out.key("started_at").timeOrNull(rollout.startedAt);
    out.key("finished_at").timeOrNull(rollout.finishedAt);
    writeLinks(out.key("links"), base, "rollouts/" + rollout.id.uuid);
    out.endObject();
}

void writeRolloutNode(JsonWriter& out, const model::RolloutNode& node, const RolloutNodeFigures& figures)
{
    out.beginObject();
    out.key("node_uuid").string(node.node.uuid);
    out.key("node").string(node.nodeName);
    out.key("rack").stringOrNull(node.rack);
    out.key("position").number(static_cast<std::int64_t>(node.position));
    out.key("wave").number(static_cast<std::int64_t>(node.wave));
    out.key("verdict").string(model::toText(node.verdict));
    out.key("state").string(model::toText(node.state));
    out.key("code").stringOrNull(node.reasonCode);
    out.key("reason").stringOrNull(node.reason);
    out.key("hint").stringOrNull(node.hint);
    out.key("attempts").number(static_cast<std::int64_t>(node.attempts));
    out.key("gate").stringOrNull(node.gateDetail);
    out.key("operation_uuid").stringOrNull(node.operation.uuid);
    out.key("step").stringOrNull(figures.step);
    out.key("bytes_done").number(figures.bytesDone);
    out.key("bytes_total").number(figures.bytesTotal);
    writeNumberOrNull(out.key("seconds_left"), figures.secondsLeft);
    out.key("started_at").timeOrNull(node.startedAt);
    out.key("finished_at").timeOrNull(node.finishedAt);
    out.endObject();
}

void writeImageTag(JsonWriter& out, const model::ImageTag& tag, std::string_view imageName)
{
    out.beginObject();
    out.key("tag").string(tag.reference);
    out.key("image_uuid").string(tag.image.uuid);
    out.key("image_name").string(imageName);
    out.key("actor").stringOrNull(tag.actor);
    out.key("set_at").time(tag.setAt);
    out.endObject();
}

void writeImageTagChange(JsonWriter& out, const model::ImageTagChange& change)
{
    out.beginObject();
    out.key("tag").string(change.reference);
    out.key("image_uuid").stringOrNull(change.image.uuid);
    out.key("image_name").stringOrNull(change.imageName);
    out.key("actor").stringOrNull(change.actor);
    out.key("at").time(change.at);
    out.endObject();
}

} // namespace bm::wire
