// Parses maintenance windows and blackout dates.
#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"
#include "conductor/fleet/schedules/calendar.h"

#include <date/date.h>

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <sstream>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

[[noreturn]] void refuseWindow(std::string_view text, std::string_view why)
{
    throw Error(ErrorCode::InvalidInput,
                fmt::format("maintenance window \"{}\": {}", text.substr(0, 60), why),
                R"("mon-fri 22:00-06:00", "sat,sun 00:00-24:00" or "22:00-06:00", in the schedule's zone)");
}

unsigned weekdayOf(std::string_view word, std::string_view whole)
{
    const std::string name = model::lowerCase(word.substr(0, 3));
    for (unsigned i = 0; i < kWeekdays.size(); ++i)
        if (word.size() == 3 && kWeekdays.at(i) == name)
            return i;
    refuseWindow(whole, fmt::format("\"{}\" is not a day (mon, tue, wed, thu, fri, sat, sun)", word));
}

/// "mon-fri", "sat,sun", "fri-mon": ranges may go past Sunday.
std::uint32_t weekdaysOf(std::string_view text, std::string_view whole)
{
    std::uint32_t bits = 0;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        const std::string_view part = text.substr(begin, end - begin);
        const std::size_t dash = part.find('-');
        const unsigned last = dash == std::string_view::npos ? 7 : weekdayOf(part.substr(dash + 1), whole);
        unsigned day = weekdayOf(part.substr(0, dash), whole);
        bits |= 1U << day;
        while (last < 7 && day != last) {
            day = (day + 1) % 7;
            bits |= 1U << day;
        }
        begin = end + 1;
    }
    return bits;
}

std::chrono::minutes clockOf(std::string_view text, std::string_view whole)
{
    std::string_view rest = text;
    const std::optional<unsigned> hour = text::takeNumber<unsigned>(rest);
    if (!hour || !rest.starts_with(':') || rest.size() != 3)
        refuseWindow(whole, fmt::format("\"{}\" is not a time of day (hh:mm)", text));
    const std::optional<unsigned> minute = text::parseNumber<unsigned>(rest.substr(1));
    if (!minute || *minute > 59 || *hour > 24 || (*hour == 24 && *minute > 0))
        refuseWindow(whole, fmt::format("\"{}\" is not a time of day (00:00 to 24:00)", text));
    return std::chrono::hours{*hour} + std::chrono::minutes{*minute};
}

std::int64_t dayOf(std::string_view text, std::string_view whole)
{
    std::istringstream in{std::string(text)};
    date::sys_days day{};
    in >> date::parse("%F", day);
    if (in.fail() || in.peek() != std::istringstream::traits_type::eof() || text.size() != 10)
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("blackout \"{}\": \"{}\" is not a date", whole.substr(0, 60), text.substr(0, 30)),
            "2026-12-24, or 2026-12-24..2027-01-02 (both included)");
    return day.time_since_epoch().count();
}

} // namespace

MaintenanceWindow maintenanceWindowFromText(std::string_view text)
{
    MaintenanceWindow window;
    const std::size_t blank = text.find(' ');
    const std::string_view times = blank == std::string_view::npos ? text : text.substr(blank + 1);
    if (blank != std::string_view::npos)
        window.weekdays = weekdaysOf(text.substr(0, blank), text);
    const std::size_t dash = times.find('-');
    if (dash == std::string_view::npos)
        refuseWindow(text, "expected from-to");
    window.from = clockOf(times.substr(0, dash), text);
    window.to = clockOf(times.substr(dash + 1), text);
    if (window.from == window.to || window.from == std::chrono::hours{24})
        refuseWindow(text, "it is empty; the whole day is 00:00-24:00");
    return window;
}

BlackoutDates blackoutFromText(std::string_view text)
{
    const std::size_t dots = text.find("..");
    BlackoutDates dates;
    dates.first = dayOf(text.substr(0, dots), text);
    dates.last = dots == std::string_view::npos ? dates.first : dayOf(text.substr(dots + 2), text);
    if (dates.last < dates.first)
        throw Error(ErrorCode::InvalidInput, fmt::format("blackout \"{}\" ends before it begins", text),
                    "first..last, both included");
    return dates;
}

} // namespace bm::conductor::fleet
