#include "conductor/fleet/schedules/calendar.h"

#include "conductor/fleet/schedules/zones.h"

#include <algorithm>

namespace bm::conductor::fleet {

using namespace std::chrono_literals;
using date::local_days;
using date::local_seconds;
using date::sys_seconds;

namespace {

constexpr date::days kDay{1};
constexpr date::days kHorizon{41 * 366}; ///< 29 February on a given weekday can be 40 years off

local_seconds localOf(const date::time_zone& zone, sys_seconds at)
{
    return zone.to_local(at);
}

bool dateFits(const Cron& cron, local_days day)
{
    const date::year_month_day date{day};
    return firesOn(cron, static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                   date::weekday{day}.c_encoding());
}

/// Calls @p each with the local times of a rule on @p day, in order, until it returns true.
template <class Each> void eachTime(const Cron& cron, local_days day, Each each)
{
    for (unsigned hour = 0; hour < 24; ++hour) {
        if ((cron.hours >> hour & 1U) == 0)
            continue;
        for (unsigned minute = 0; minute < 60; ++minute)
            if ((cron.minutes >> minute & 1U) != 0 &&
                each(local_seconds{day + std::chrono::hours{hour} + std::chrono::minutes{minute}}))
                return;
    }
}

/// The first time on a day on which the clock is not changed, when its offset to UTC is @p offset.
std::optional<sys_seconds> firstOnSteadyDay(const Cron& cron, local_days day, std::chrono::seconds offset,
                                            sys_seconds after)
{
    std::optional<sys_seconds> found;
    eachTime(cron, day, [&](local_seconds local) {
        const sys_seconds at{local.time_since_epoch() - offset};
        if (at > after)
            found = at;
        return found.has_value();
    });
    return found;
}

/// The first time on a day on which the clock is changed: the earliest of all, since hours may come twice.
std::optional<sys_seconds> firstOnOddDay(const Cron& cron, const date::time_zone& zone, local_days day,
                                         sys_seconds after)
{
    std::optional<sys_seconds> found;
    const auto offer = [&](sys_seconds at) {
        if (at > after && (!found || at < *found))
            found = at;
    };
    eachTime(cron, day, [&](local_seconds local) {
        const Moments moments = momentsOf(zone, local);
        if (moments.exists || !cron.everyHour)
            offer(moments.first);
        if (moments.exists && cron.everyHour)
            offer(moments.second);
        return false;
    });
    return found;
}

std::optional<sys_seconds> firstOn(const Cron& cron, const date::time_zone& zone, local_days day,
                                   sys_seconds after)
{
    const date::local_info info = zone.get_info(local_seconds{day});
    const sys_seconds end{(day + kDay).time_since_epoch() - info.first.offset};
    if (info.result == date::local_info::unique && end <= info.first.end)
        return firstOnSteadyDay(cron, day, info.first.offset, after);
    return firstOnOddDay(cron, zone, day, after);
}

/// The first time after @p after at which the rule alone fires.
std::optional<sys_seconds> nextOfRule(const Cron& cron, const date::time_zone& zone, sys_seconds after,
                                      local_days last)
{
    for (local_days day = date::floor<date::days>(localOf(zone, after)) - kDay; day <= last; day += kDay)
        if (dateFits(cron, day))
            if (const auto found = firstOn(cron, zone, day, after))
                return found;
    return std::nullopt;
}

bool hasWeekday(const MaintenanceWindow& window, local_days day)
{
    return (window.weekdays >> date::weekday{day}.c_encoding() & 1U) != 0;
}

struct Span {
    sys_seconds from;
    sys_seconds to;
};

/// The window that begins on @p day, if one does.
std::optional<Span> spanOn(const MaintenanceWindow& window, const date::time_zone& zone, local_days day)
{
    if (!hasWeekday(window, day))
        return std::nullopt;
    const local_days endDay = window.to <= window.from ? day + kDay : day;
    return Span{momentsOf(zone, local_seconds{day + window.from}).first,
                momentsOf(zone, local_seconds{endDay + window.to}).first};
}

/// The latest end of the windows that contain @p at; nothing without such a window.
std::optional<sys_seconds> windowEnd(const Calendar& calendar, const date::time_zone& zone, sys_seconds at)
{
    std::optional<sys_seconds> end;
    const local_days today = date::floor<date::days>(localOf(zone, at));
    for (const MaintenanceWindow& window : calendar.windows)
        for (local_days day = today - kDay; day <= today; day += kDay)
            if (const auto span = spanOn(window, zone, day); span && span->from <= at && at < span->to)
                end = std::max(end.value_or(span->to), span->to);
    return end;
}

std::optional<sys_seconds> nextOpening(const Calendar& calendar, const date::time_zone& zone,
                                       sys_seconds after)
{
    std::optional<sys_seconds> opening;
    const local_days today = date::floor<date::days>(localOf(zone, after));
    for (const MaintenanceWindow& window : calendar.windows)
        for (local_days day = today; day <= today + date::days{8}; day += kDay)
            if (const auto span = spanOn(window, zone, day); span && span->from > after)
                opening = std::min(opening.value_or(span->from), span->from);
    return opening;
}

const BlackoutDates* blackoutAt(const Calendar& calendar, local_days day)
{
    const std::int64_t number = day.time_since_epoch().count();
    for (const BlackoutDates& dates : calendar.blackout)
        if (dates.first <= number && number <= dates.last)
            return &dates;
    return nullptr;
}

sys_seconds midnightOf(const date::time_zone& zone, std::int64_t day)
{
    return momentsOf(zone, local_seconds{local_days{date::days{day}}}).first;
}

/// The next time at which a run may begin; @p at itself when one may begin now.
std::optional<sys_seconds> openFrom(const Calendar& calendar, const date::time_zone& zone, sys_seconds at)
{
    if (const BlackoutDates* dates = blackoutAt(calendar, date::floor<date::days>(localOf(zone, at))))
        return midnightOf(zone, dates->last + 1);
    if (calendar.windows.empty() || windowEnd(calendar, zone, at))
        return at;
    return nextOpening(calendar, zone, at);
}

} // namespace

std::optional<model::UtcTime> nextDue(const Cron& cron, const Calendar& calendar, model::UtcTime after)
{
    const date::time_zone& zone = zoneNamed(calendar.zone);
    const local_days last = date::floor<date::days>(localOf(zone, inSeconds(after))) + kHorizon;
    sys_seconds from = inSeconds(after);
    while (const auto found = nextOfRule(cron, zone, from, last)) {
        const std::optional<sys_seconds> open = openFrom(calendar, zone, *found);
        if (!open)
            return std::nullopt;
        if (*open <= *found)
            return model::UtcTime{*found};
        from = *open - 1s;
    }
    return std::nullopt;
}

bool isOpen(const Calendar& calendar, model::UtcTime at)
{
    const date::time_zone& zone = zoneNamed(calendar.zone);
    const auto open = openFrom(calendar, zone, inSeconds(at));
    return open && *open <= inSeconds(at);
}

std::optional<model::UtcTime> closesAt(const Calendar& calendar, model::UtcTime at)
{
    constexpr int kMostInARow = 16; // adjacent windows count as one window
    const date::time_zone& zone = zoneNamed(calendar.zone);
    const sys_seconds begin = inSeconds(at);
    std::optional<sys_seconds> end;
    for (int i = 0; i < kMostInARow; ++i) {
        const auto further = windowEnd(calendar, zone, end.value_or(begin));
        if (!further)
            break;
        end = further;
    }
    for (const BlackoutDates& dates : calendar.blackout)
        if (const sys_seconds midnight = midnightOf(zone, dates.first); midnight > begin)
            end = std::min(end.value_or(midnight), midnight);
    return end ? std::optional<model::UtcTime>(*end) : std::nullopt;
}

} // namespace bm::conductor::fleet
