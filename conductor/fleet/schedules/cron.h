#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bm::conductor::fleet {

/// A five-field cron expression (minute, hour, day of month, month, day of week), read as Vixie cron reads
/// it: crontab(5). A set bit n means that the value n fires; weekdays are 0 (Sunday) to 6.
struct Cron {
    std::string text; ///< as it was written
    std::uint64_t minutes = 0;
    std::uint32_t hours = 0;
    std::uint32_t days = 0;   ///< bits 1 to 31
    std::uint32_t months = 0; ///< bits 1 to 12
    std::uint32_t weekdays = 0;
    bool anyDay = false;     ///< day of month begins with *
    bool anyWeekday = false; ///< day of week begins with *
    bool everyHour = false;  ///< fires in each of the 24 hours
};

/// Lists, ranges, steps, names (MON, JAN; any case), 7 for Sunday, and @hourly @daily @midnight @weekly
/// @monthly @yearly @annually.
/// @throws Error InvalidInput with the field's name and its valid values; also for an expression that never
/// fires (30 2 31 2 *)
Cron cronFromText(std::string_view text);

/// True if the rule fires on a date. When both day fields are restricted one of them is enough, else both
/// must fit (crontab(5)).
/// @param day 1 to 31, @param month 1 to 12, @param weekday 0 (Sunday) to 6
bool firesOn(const Cron& cron, unsigned month, unsigned day, unsigned weekday) noexcept;

} // namespace bm::conductor::fleet
