#include "api/fleet/schedule_api.h"

#include "api/core/request_values.h"
#include "api/fleet/schedule_view.h"
#include "common/model/error.h"
#include "common/wire/json/json_writer.h"

#include <algorithm>

namespace bm::api {

using conductor::fleet::StoredSchedule;
using http::Method;
using http::Request;
using http::Response;
using model::Schedule;
using model::ScheduleRun;

namespace {

constexpr std::size_t kMostPerPage = 1000;
constexpr std::size_t kMostDates = 1000;

std::optional<ScheduleRun> lastRunOf(const ApiParts& parts, const Schedule& schedule)
{
    const std::vector<ScheduleRun> runs = parts.schedules.runs(schedule, {}, 1);
    return runs.empty() ? std::nullopt : std::optional<ScheduleRun>(runs.front());
}

} // namespace

void ScheduleApi::mount(http::Router& router)
{
    using Member = void (ScheduleApi::*)(Request&, Response&) const;
    const auto add = [&](Method method, const std::string& rest, Member member) {
        router.add(
            method, "/v1/schedules" + rest,
            [this, member](Request& request, Response& response) { (this->*member)(request, response); },
            kLargeBody);
    };
    add(Method::Get, "", &ScheduleApi::list);
    add(Method::Post, "", &ScheduleApi::create);
    add(Method::Get, "/{schedule}", &ScheduleApi::show);
    add(Method::Patch, "/{schedule}", &ScheduleApi::change);
    add(Method::Delete, "/{schedule}", &ScheduleApi::remove);
    add(Method::Post, "/{schedule}/pause", &ScheduleApi::pause);
    add(Method::Post, "/{schedule}/resume", &ScheduleApi::resume);
    add(Method::Post, "/{schedule}/run", &ScheduleApi::runNow);
    add(Method::Get, "/{schedule}/next", &ScheduleApi::next);
    add(Method::Get, "/{schedule}/runs", &ScheduleApi::runs);
}

void ScheduleApi::send(const Request& request, Response& response, int status,
                       const StoredSchedule& stored) const
{
    wire::JsonWriter out;
    writeSchedule(out, stored.schedule, lastRunOf(parts_, stored.schedule), stored.warnings,
                  request.localBase);
    response.sendJson(status, out.text());
}

void ScheduleApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "limit marker");
    const std::size_t limit = limitOf(request, kMostPerPage);
    std::vector<Schedule> schedules =
        parts_.schedules.list(limit + 1, request.queryParam("marker").value_or(""));
    const bool more = schedules.size() > limit;
    if (more)
        schedules.pop_back();
    wire::JsonWriter out;
    out.beginObject().key("schedules").beginArray();
    for (const Schedule& schedule : schedules)
        writeSchedule(out, schedule, lastRunOf(parts_, schedule), {}, request.localBase);
    out.endArray();
    if (more)
        out.key("next").string(nextLink(request, limit, schedules.back().name));
    response.sendJson(200, out.endObject().text());
}

void ScheduleApi::create(Request& request, Response& response) const
{
    const auto wanted = conductor::fleet::scheduleRequestFrom(request.body());
    const StoredSchedule stored = parts_.schedules.create(wanted, request.actor);
    response.header("Location", request.localBase + "/v1/schedules/" + stored.schedule.id.uuid);
    send(request, response, 201, stored);
}

void ScheduleApi::show(Request& request, Response& response) const
{
    send(request, response, 200, {parts_.schedules.get(request.pathParam("schedule")), {}});
}

void ScheduleApi::change(Request& request, Response& response) const
{
    const std::string patch = request.body();
    send(request, response, 200,
         parts_.schedules.change(request.pathParam("schedule"), patch, request.actor));
}

void ScheduleApi::remove(Request& request, Response& response) const
{
    parts_.schedules.remove(request.pathParam("schedule"), request.actor);
    response.sendEmpty(204);
}

void ScheduleApi::pause(Request& request, Response& response) const
{
    send(request, response, 200, {parts_.schedules.pause(request.pathParam("schedule"), request.actor), {}});
}

void ScheduleApi::resume(Request& request, Response& response) const
{
    send(request, response, 200, {parts_.schedules.resume(request.pathParam("schedule"), request.actor), {}});
}

void ScheduleApi::runNow(Request& request, Response& response) const
{
    const std::string& ident = request.pathParam("schedule");
    const ScheduleRun run = parts_.schedules.runNow(ident, request.actor);
    wire::JsonWriter out;
    writeRun(out, parts_.schedules.get(ident), run);
    response.sendJson(202, out.text());
}

void ScheduleApi::next(Request& request, Response& response) const
{
    refuseOtherQuery(request, "count");
    const auto count =
        static_cast<std::size_t>(numberOf(request, "count", 10, static_cast<std::int64_t>(kMostDates)));
    const Schedule schedule = parts_.schedules.get(request.pathParam("schedule"));
    wire::JsonWriter out;
    out.beginObject().key("zone").string(schedule.zone).key("paused").boolean(schedule.paused);
    out.key("next").beginArray();
    for (const model::UtcTime time : parts_.schedules.next(schedule, count))
        out.beginObject().key("at").time(time).key("local").string(localText(time, schedule)).endObject();
    response.sendJson(200, out.endArray().endObject().text());
}

/// ?before=<due_at of the last run, in milliseconds> continues after a page.
void ScheduleApi::runs(Request& request, Response& response) const
{
    refuseOtherQuery(request, "limit before");
    const std::size_t limit = limitOf(request, kMostPerPage);
    const std::int64_t before = numberOf(request, "before", INT64_MAX, INT64_MAX);
    const Schedule schedule = parts_.schedules.get(request.pathParam("schedule"));
    const std::vector<ScheduleRun> runs = parts_.schedules.runs(schedule, model::fromMillis(before), limit);
    wire::JsonWriter out;
    out.beginObject().key("runs").beginArray();
    for (const ScheduleRun& run : runs)
        writeRun(out, schedule, run);
    out.endArray().key("next_before");
    if (runs.size() == limit)
        out.number(model::toMillis(runs.back().dueAt));
    else
        out.null();
    response.sendJson(200, out.endObject().text());
}

} // namespace bm::api
