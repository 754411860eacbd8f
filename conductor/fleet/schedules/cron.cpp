#include "conductor/fleet/schedules/cron.h"

#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/text/text.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::string_view kHint =
    "minute hour day-of-month month day-of-week, as \"30 2 * * 1-5\"; or @hourly, @daily, @weekly, @monthly, "
    "@yearly";

struct Field {
    std::string_view name;
    unsigned low;
    unsigned high;
    unsigned firstName; ///< value of the first of names
    std::array<std::string_view, 12> names{};
};

constexpr std::array<Field, 5> kFields{{
    {"minute", 0, 59, 0, {}},
    {"hour", 0, 23, 0, {}},
    {"day of month", 1, 31, 0, {}},
    {"month", 1, 12, 1, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
    {"day of week", 0, 7, 0, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}};

struct Macro {
    std::string_view name;
    std::string_view rule;
};
constexpr std::array<Macro, 7> kMacros{{{"@hourly", "0 * * * *"},
                                        {"@daily", "0 0 * * *"},
                                        {"@midnight", "0 0 * * *"},
                                        {"@weekly", "0 0 * * 0"},
                                        {"@monthly", "0 0 1 * *"},
                                        {"@yearly", "0 0 1 1 *"},
                                        {"@annually", "0 0 1 1 *"}}};

[[noreturn]] void refuse(const Field& field, const std::string& why)
{
    throw Error(ErrorCode::InvalidInput, fmt::format("cron: {}: {}", field.name, why), std::string(kHint));
}

/// The range of a value: "0-59", or "0-7 (0 and 7 are Sunday) or sun, mon ...".
std::string expected(const Field& field)
{
    std::string text = fmt::format("{} to {}", field.low, field.high);
    if (!field.names[0].empty())
        text += fmt::format(" or {}, {} ...", field.names[0], field.names[1]);
    return text;
}

unsigned fieldValueOf(const Field& field, std::string_view text)
{
    const std::string word = model::lowerCase(text);
    for (unsigned i = 0; i < field.names.size() && !field.names.at(i).empty(); ++i)
        if (field.names.at(i) == word)
            return field.firstName + i;
    const std::optional<unsigned> value = text::parseNumber<unsigned>(word);
    if (!value || *value < field.low || *value > field.high)
        refuse(field, fmt::format("\"{}\" is not {}", text.substr(0, 40), expected(field)));
    return *value;
}

unsigned stepOf(const Field& field, std::string_view text)
{
    const std::optional<unsigned> value = text::parseNumber<unsigned>(text);
    if (!value || *value == 0 || *value > field.high)
        refuse(field,
               fmt::format("the step \"{}\" is not a number from 1 to {}", text.substr(0, 40), field.high));
    return *value;
}

/// One part of a list: *, 5, 1-5, mon-fri, each range with an optional /step.
std::uint64_t bitsOf(const Field& field, std::string_view part)
{
    const std::size_t slash = part.find('/');
    const std::string_view range = part.substr(0, slash);
    unsigned first = field.low;
    unsigned last = field.name == "day of week" ? 6 : field.high;
    if (range != "*") {
        const std::size_t dash = range.find('-');
        first = fieldValueOf(field, range.substr(0, dash));
        last = dash == std::string_view::npos ? first : fieldValueOf(field, range.substr(dash + 1));
        if (slash != std::string_view::npos && dash == std::string_view::npos)
            refuse(field,
                   fmt::format("\"{}\": a step needs a range, as {}-{}/{} or */{}", part.substr(0, 40), first,
                               field.high, part.substr(slash + 1, 8), part.substr(slash + 1, 8)));
        if (first > last)
            refuse(field, fmt::format("\"{}\" runs backwards; write it as two ranges", range.substr(0, 40)));
    }
    const unsigned step = slash == std::string_view::npos ? 1 : stepOf(field, part.substr(slash + 1));
    std::uint64_t bits = 0;
    for (unsigned value = first; value <= last; value += step)
        bits |= std::uint64_t{1} << (field.name == "day of week" ? value % 7 : value);
    return bits;
}

std::uint64_t fieldBits(const Field& field, std::string_view text)
{
    std::uint64_t bits = 0;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        if (end == begin)
            refuse(field, fmt::format("\"{}\" has an empty place in its list", text.substr(0, 40)));
        bits |= bitsOf(field, text.substr(begin, end - begin));
        begin = end + 1;
    }
    return bits;
}

std::vector<std::string_view> words(std::string_view text)
{
    constexpr std::string_view kBlanks = " \t";
    std::vector<std::string_view> found;
    std::size_t begin = text.find_first_not_of(kBlanks);
    while (begin != std::string_view::npos) {
        const std::size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
        found.push_back(text.substr(begin, end - begin));
        begin = text.find_first_not_of(kBlanks, end);
    }
    return found;
}

std::string_view ruleOf(std::string_view text)
{
    if (text.empty() || text.front() != '@')
        return text;
    for (const Macro& macro : kMacros)
        if (macro.name == model::lowerCase(text))
            return macro.rule;
    throw Error(ErrorCode::InvalidInput, fmt::format("cron: \"{}\" is not known", text.substr(0, 40)),
                std::string(kHint));
}

/// True if some date of the calendar fits; a leap year is as good as any.
bool everFires(const Cron& cron)
{
    constexpr std::array<unsigned, 13> kDays{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (unsigned month = 1; month <= 12; ++month)
        for (unsigned day = 1; day <= kDays.at(month); ++day)
            for (unsigned weekday = 0; weekday < 7; ++weekday)
                if (firesOn(cron, month, day, weekday))
                    return true;
    return false;
}

} // namespace

bool firesOn(const Cron& cron, unsigned month, unsigned day, unsigned weekday) noexcept
{
    if ((cron.months >> month & 1U) == 0)
        return false;
    const bool dayFits = (cron.days >> day & 1U) != 0;
    const bool weekdayFits = (cron.weekdays >> weekday & 1U) != 0;
    return cron.anyDay || cron.anyWeekday ? dayFits && weekdayFits : dayFits || weekdayFits;
}

Cron cronFromText(std::string_view text)
{
    const std::vector<std::string_view> given = words(text);
    const std::vector<std::string_view> fields = given.size() == 1 ? words(ruleOf(given.front())) : given;
    if (fields.size() != kFields.size())
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("cron: \"{}\" has {} field{}, expected 5", text.substr(0, 80), fields.size(),
                                fields.size() == 1 ? "" : "s"),
                    std::string(kHint));
    Cron cron;
    cron.text = std::string(text);
    cron.minutes = fieldBits(kFields[0], fields[0]);
    cron.hours = static_cast<std::uint32_t>(fieldBits(kFields[1], fields[1]));
    cron.days = static_cast<std::uint32_t>(fieldBits(kFields[2], fields[2]));
    cron.months = static_cast<std::uint32_t>(fieldBits(kFields[3], fields[3]));
    cron.weekdays = static_cast<std::uint32_t>(fieldBits(kFields[4], fields[4]));
    cron.anyDay = fields[2].front() == '*';
    cron.anyWeekday = fields[4].front() == '*';
    cron.everyHour = cron.hours == 0xFFFFFFU;
    if (!everFires(cron))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("cron: \"{}\" never fires: there is no such date", text),
                    "check day of month and month together");
    return cron;
}

} // namespace bm::conductor::fleet
