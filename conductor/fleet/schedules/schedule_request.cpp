#include "conductor/fleet/schedules/schedule_request.h"

#include "common/model/duration.h"
#include "common/model/error.h"
#include "common/text/names.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/json/stored_json.h"
#include "conductor/fleet/selection/rollout_request.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::Schedule;
using nlohmann::json;

namespace {

constexpr std::size_t kLongestName = 100; // a rollout's name is the schedule's with a date
constexpr std::size_t kMostDates = 400;

void checkScheduleName(const std::string& name)
{
    if (name.empty())
        throw Error(ErrorCode::InvalidInput, "name: a schedule needs a name", R"({"name": "nightly", ...})");
    if (!text::isPlainName(name, kLongestName) || model::isUuid(name) || name.front() == '.')
        throw Error(
            ErrorCode::InvalidInput, fmt::format("name: \"{}\" is not a valid name", name.substr(0, 80)),
            fmt::format("letters, digits and - . _ ; at most {}; not in the form of a uuid", kLongestName));
}

template <class Rule>
Rule ruleIn(const json& body, std::string_view key, std::optional<Rule> (*parse)(std::string_view) noexcept,
            Rule otherwise, std::string_view known)
{
    const std::string text = wire::stringMember(body, key);
    if (text.empty())
        return otherwise;
    if (const std::optional<Rule> rule = parse(text))
        return *rule;
    throw Error(ErrorCode::InvalidInput, fmt::format("{}: \"{}\" is not known", key, text.substr(0, 80)),
                fmt::format("one of: {}", known));
}

/// A list of texts, or one text; each is checked by @p check.
template <class Check> model::JsonText textsIn(const json& body, std::string_view key, Check check)
{
    const json* value = wire::memberOf(body, key);
    if (value == nullptr)
        return {"[]"};
    const std::vector<std::string> texts = value->is_string()
                                               ? std::vector<std::string>{value->get<std::string>()}
                                               : wire::asStrings(*value, key);
    if (texts.size() > kMostDates)
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: at most {} of them", key, kMostDates));
    for (const std::string& text : texts)
        check(text);
    return {json(texts).dump()};
}

void readRollout(ScheduleRequest& request, const json& body)
{
    const json* rollout = wire::memberOf(body, "rollout");
    if (rollout == nullptr || !rollout->is_object())
        throw Error(ErrorCode::InvalidInput, "rollout: expected the body of a rollout",
                    R"("rollout": {"image": "render:stable", "select": "class=render"})");
    for (const char* own : {"name", "plan", "start_before_ms"})
        if (rollout->contains(own))
            throw Error(
                ErrorCode::InvalidInput, fmt::format("rollout.{}: the schedule itself sets it", own),
                "a run's rollout is called after its schedule and begins nodes until the window ends");
    try {
        request.image = rolloutRequestFrom(rollout->dump()).image;
    } catch (const Error& error) {
        throw error.during("rollout");
    }
    json kept = *rollout;
    if (const json* deploy = wire::memberOf(kept, "deploy"))
        request.deploy = wire::canonical(*deploy).text;
    kept.erase("deploy");
    request.rollout = wire::canonical(kept);
}

void readTimes(ScheduleRequest& request, const json& body)
{
    request.zone = wire::stringMember(body, "zone", "UTC");
    requireZone(request.zone);
    request.cron = wire::stringMember(body, "cron");
    const std::string at = wire::stringMember(body, "at");
    if (request.cron.empty() == at.empty())
        throw Error(ErrorCode::InvalidInput, "give either cron or at, not both",
                    R"("cron": "30 2 * * 1-5", or "at": "2026-12-24 02:30" for once)");
    if (request.cron.empty())
        request.at = timeFromText(at, request.zone);
    else
        cronFromText(request.cron);
    const std::string window = wire::stringMember(body, "window");
    if (!window.empty())
        request.window = model::requireDuration(window, "window");
    if (request.window && *request.window < std::chrono::minutes{1})
        throw Error(ErrorCode::InvalidInput, fmt::format("window: {} is shorter than a minute", window),
                    "the time after the due time in which nodes may begin: 4h");
    request.maintenance =
        textsIn(body, "maintenance", [](const std::string& text) { maintenanceWindowFromText(text); });
    request.blackout = textsIn(body, "blackout", [](const std::string& text) { blackoutFromText(text); });
}

} // namespace

ScheduleRequest scheduleRequestFrom(const std::string& text)
{
    const json body = wire::parseObject(text);
    wire::refuseUnknown(body,
                        {"name", "cron", "at", "zone", "rollout", "window", "maintenance", "blackout",
                         "missed", "overlap", "paused"},
                        "schedule");
    ScheduleRequest request;
    request.name = wire::stringMember(body, "name");
    checkScheduleName(request.name);
    readTimes(request, body);
    readRollout(request, body);
    request.missed =
        ruleIn<model::MissedRule>(body, "missed", model::missedRuleFromText, request.missed, "skip, once");
    request.overlap = ruleIn<model::OverlapRule>(body, "overlap", model::overlapRuleFromText, request.overlap,
                                                 "skip, queue, replace");
    if (const json* paused = wire::memberOf(body, "paused"))
        request.paused = wire::asBoolean(*paused, "paused");
    return request;
}

std::string patchedBody(const Schedule& schedule, const std::string& deploy, const std::string& patch)
{
    json body = {{"name", schedule.name},
                 {"zone", schedule.zone},
                 {"rollout", wire::valueOf(schedule.rollout)},
                 {"maintenance", wire::valueOf(schedule.maintenance)},
                 {"blackout", wire::valueOf(schedule.blackout)},
                 {"missed", model::toText(schedule.missed)},
                 {"overlap", model::toText(schedule.overlap)},
                 {"paused", schedule.paused}};
    if (!deploy.empty())
        body["rollout"]["deploy"] = json::parse(deploy);
    if (schedule.window)
        body["window"] = model::toText(*schedule.window);
    if (!schedule.cron.empty())
        body["cron"] = schedule.cron;
    if (schedule.at)
        body["at"] = wire::toText(*schedule.at).substr(0, 19) + "Z";
    json changes = wire::parseObject(patch);
    if (changes.contains("cron") && changes["cron"].is_string())
        body.erase("at"); // cron replaces at, and at replaces cron
    if (changes.contains("at") && changes["at"].is_string())
        body.erase("cron");
    body.merge_patch(changes);
    return body.dump();
}

Calendar calendarOf(const Schedule& schedule)
{
    Calendar calendar;
    calendar.zone = schedule.zone;
    if (schedule.maintenance.text != "[]")
        for (const json& text : wire::valueOf(schedule.maintenance))
            calendar.windows.push_back(maintenanceWindowFromText(text.get<std::string>()));
    if (schedule.blackout.text != "[]")
        for (const json& text : wire::valueOf(schedule.blackout))
            calendar.blackout.push_back(blackoutFromText(text.get<std::string>()));
    return calendar;
}

std::optional<model::UtcTime> nextDueOf(const Schedule& schedule, model::UtcTime after)
{
    if (schedule.at)
        return *schedule.at > after ? schedule.at : std::nullopt;
    return nextDue(cronFromText(schedule.cron), calendarOf(schedule), after);
}

model::UtcTime latestDueOf(const Schedule& schedule, model::UtcTime first, model::UtcTime now)
{
    using std::chrono::hours;
    if (schedule.at)
        return first;
    const Cron cron = cronFromText(schedule.cron);
    const Calendar calendar = calendarOf(schedule);
    for (const hours back :
         {hours{1}, hours{24}, hours{8 * 24}, hours{32 * 24}, hours{367 * 24}, hours{41 * 367 * 24}}) {
        std::optional<model::UtcTime> latest;
        model::UtcTime from = std::max(first - std::chrono::seconds{1}, now - back);
        while (const auto due = nextDue(cron, calendar, from)) {
            if (*due > now)
                break;
            latest = from = *due;
        }
        if (latest)
            return *latest;
    }
    return first;
}

} // namespace bm::conductor::fleet
