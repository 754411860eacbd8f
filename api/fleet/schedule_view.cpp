#include "api/fleet/schedule_view.h"

#include "common/model/duration.h"
#include "common/wire/resources/resource_links.h"
#include "conductor/fleet/schedules/calendar.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bm::api {

std::string localText(const std::optional<model::UtcTime>& time, const model::Schedule& schedule)
{
    return time ? conductor::fleet::toLocalText(*time, schedule.zone) : "";
}

void writeRun(wire::JsonWriter& out, const model::Schedule& schedule, const model::ScheduleRun& run)
{
    out.beginObject();
    out.key("uuid").string(run.id.uuid);
    out.key("due_at").time(run.dueAt);
    out.key("due_local").string(localText(run.dueAt, schedule));
    out.key("trigger").string(model::toText(run.trigger));
    out.key("state").string(model::toText(run.state));
    out.key("rollout_uuid").stringOrNull(run.rollout.uuid);
    out.key("rollout_name").stringOrNull(run.rolloutName);
    out.key("image").stringOrNull(run.image);
    out.key("image_name").stringOrNull(run.imageName);
    out.key("image_uuid").stringOrNull(run.imageId.uuid);
    out.key("reason");
    if (run.reasonCode.empty() && run.reason.empty())
        out.null();
    else
        out.beginObject()
            .key("code")
            .stringOrNull(run.reasonCode)
            .key("message")
            .string(run.reason)
            .key("hint")
            .string(run.hint)
            .endObject();
    out.key("actor").stringOrNull(run.actor);
    out.key("started_at").timeOrNull(run.startedAt);
    out.key("finished_at").timeOrNull(run.finishedAt);
    out.key("nodes").beginObject();
    out.key("total").number(run.total);
    out.key("done").number(run.done);
    out.key("failed").number(run.failed);
    out.key("skipped").number(run.skipped);
    out.endObject().endObject();
}

void writeSchedule(wire::JsonWriter& out, const model::Schedule& schedule,
                   const std::optional<model::ScheduleRun>& lastRun, const std::vector<std::string>& warnings,
                   std::string_view base)
{
    out.beginObject();
    out.key("uuid").string(schedule.id.uuid);
    out.key("name").string(schedule.name);
    out.key("cron").stringOrNull(schedule.cron);
    out.key("at").timeOrNull(schedule.at);
    out.key("zone").string(schedule.zone);
    out.key("image").string(schedule.image);
    nlohmann::json rollout = nlohmann::json::parse(schedule.rollout.text);
    if (!schedule.deploySealed.empty())
        rollout["deploy"] = "******";
    out.key("rollout").raw(rollout.dump());
    out.key("window").stringOrNull(schedule.window ? model::toText(*schedule.window) : "");
    out.key("maintenance").json(schedule.maintenance);
    out.key("blackout").json(schedule.blackout);
    out.key("missed").string(model::toText(schedule.missed));
    out.key("overlap").string(model::toText(schedule.overlap));
    out.key("paused").boolean(schedule.paused);
    out.key("next_due_at").timeOrNull(schedule.paused ? std::nullopt : schedule.nextDueAt);
    out.key("next_due_local").stringOrNull(schedule.paused ? "" : localText(schedule.nextDueAt, schedule));
    out.key("last_run");
    if (lastRun)
        writeRun(out, schedule, *lastRun);
    else
        out.null();
    if (!warnings.empty()) {
        out.key("warnings").beginArray();
        for (const std::string& warning : warnings)
            out.string(warning);
        out.endArray();
    }
    out.key("actor").string(schedule.actor);
    out.key("created_at").time(schedule.createdAt);
    out.key("updated_at").time(schedule.updatedAt);
    wire::writeLinks(out.key("links"), base, "schedules/" + schedule.id.uuid);
    out.endObject();
}

} // namespace bm::api
