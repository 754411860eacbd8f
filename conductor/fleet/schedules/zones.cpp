#include "conductor/fleet/schedules/zones.h"

#include "common/model/error.h"
#include "common/text/edit_distance.h"
#include "common/text/lower_case.h"
#include "conductor/fleet/schedules/calendar.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;

namespace {

std::string lowered(std::string_view text)
{
    std::string out = model::lowerCase(text);
    std::ranges::replace(out, ' ', '_');
    return out;
}

/// The edit distance of a zone's name, or of its city alone, from the typed text.
std::size_t farness(const std::string& typed, const std::string& zone)
{
    const std::string name = lowered(zone);
    return std::min(model::editDistance(typed, name),
                    model::editDistance(typed, name.substr(name.rfind('/') + 1)) +
                        (typed.find('/') == std::string::npos ? 0U : 4U));
}

std::string nearNames(const std::string& name)
{
    constexpr std::size_t kShown = 3;
    const std::string typed = lowered(name.substr(0, 64));
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const date::time_zone& zone : date::get_tzdb().zones)
        if (const std::size_t far = farness(typed, zone.name());
            far <= std::max<std::size_t>(2, typed.size() / 4))
            found.emplace_back(far, zone.name());
    std::sort(found.begin(), found.end());
    std::string text;
    for (std::size_t i = 0; i < std::min(kShown, found.size()); ++i)
        text += (i == 0 ? "" : ", ") + found[i].second;
    return text;
}

/// True if @p text has the digits and separators of a date and a time of day. date::parse rounds a value that
/// it did not read, where the seconds are missing or no number.
bool hasTimeShape(std::string_view text)
{
    constexpr std::string_view kShape = "dddd-dd-dd dd:dd:dd";
    constexpr std::size_t kWithoutSeconds = 16;
    if (text.size() != kShape.size() && text.size() != kWithoutSeconds)
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool fits = kShape[i] == 'd'   ? text[i] >= '0' && text[i] <= '9'
                          : kShape[i] == ' ' ? text[i] == ' ' || text[i] == 'T'
                                             : text[i] == kShape[i];
        if (!fits)
            return false;
    }
    return true;
}

date::local_seconds parseLocal(std::string_view text, std::string_view whole)
{
    for (const char* form : {"%F %R", "%FT%R", "%F %T", "%FT%T"}) {
        if (!hasTimeShape(text))
            break;
        std::istringstream in{std::string(text)};
        date::local_seconds local{};
        in >> date::parse(form, local);
        if (!in.fail() && in.peek() == std::istringstream::traits_type::eof())
            return local;
    }
    throw Error(
        ErrorCode::InvalidInput, fmt::format("at: \"{}\" is not a time", whole.substr(0, 60)),
        "\"2026-12-24 02:30\" in the schedule's zone, or with an offset: 2026-12-24T02:30Z, ...+01:00");
}

/// "Z", "+01:00" or "-0500" at the end of @p text, taken off it.
std::optional<std::chrono::minutes> takeOffset(std::string_view& text)
{
    if (text.ends_with('Z')) {
        text.remove_suffix(1);
        return std::chrono::minutes{0};
    }
    const std::size_t sign = text.find_last_of("+-");
    if (sign == std::string_view::npos || sign < 11 || text.find(':') > sign)
        return std::nullopt;
    std::string digits(text.substr(sign + 1));
    std::erase(digits, ':');
    const bool numbers =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (digits.size() != 4 || !numbers)
        return std::nullopt;
    const int value = std::stoi(digits);
    const std::chrono::minutes offset{value / 100 * 60 + value % 100};
    const bool west = text[sign] == '-';
    text = text.substr(0, sign);
    return west ? -offset : offset;
}

} // namespace

const date::time_zone& zoneNamed(const std::string& name)
{
    try {
        return *date::locate_zone(name);
    } catch (const std::exception&) {
        if (name == "UTC" || name.empty())
            throw Error(ErrorCode::Unavailable, "the system has no time zone database",
                        "apt-get install tzdata");
    }
    requireZone("UTC"); // is there a database at all?
    const std::string near = nearNames(name);
    throw Error(ErrorCode::InvalidInput,
                fmt::format("zone: there is no time zone \"{}\"", name.substr(0, 60)),
                near.empty() ? "names as in /usr/share/zoneinfo: Europe/Berlin, America/New_York, UTC"
                             : "did you mean " + near + "?");
}

void requireZone(const std::string& name)
{
    zoneNamed(name);
}

Moments momentsOf(const date::time_zone& zone, date::local_seconds local)
{
    const date::local_info info = zone.get_info(local);
    if (info.result == date::local_info::nonexistent)
        return {info.first.end, info.first.end, false};
    const date::sys_seconds first{local.time_since_epoch() - info.first.offset};
    if (info.result == date::local_info::unique)
        return {first, first, true};
    return {first, date::sys_seconds{local.time_since_epoch() - info.second.offset}, true};
}

model::UtcTime timeFromText(std::string_view text, const std::string& zone)
{
    std::string_view left = text;
    const std::optional<std::chrono::minutes> offset = takeOffset(left);
    const date::local_seconds local = parseLocal(left, text);
    if (offset)
        return model::UtcTime{local.time_since_epoch() - *offset};
    return momentsOf(zoneNamed(zone), local).first;
}

std::string toLocalText(model::UtcTime time, const std::string& zone)
{
    const date::sys_seconds at = inSeconds(time);
    const bool whole = at.time_since_epoch() % std::chrono::minutes{1} == std::chrono::seconds{0};
    return date::format(whole ? "%a %F %R %Z" : "%a %F %T %Z", date::make_zoned(&zoneNamed(zone), at));
}

} // namespace bm::conductor::fleet
